//! AWS Signature Version 4, recomputed from bytes: shared by the sandbox's verifier and the signature view.
