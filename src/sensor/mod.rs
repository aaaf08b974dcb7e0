//! The flow engine: packets in, flow records out.
