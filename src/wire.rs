//! Bytes in flight: the tap that records them, the gate that holds them, the hub that collects them.
