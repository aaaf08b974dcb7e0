//! Packet files and frames: bytes to headers.
