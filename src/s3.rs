//! Talking to S3 through the SDK, over a connection of our own that is tapped.
