//! Where records come from: argus files and streams, packet files, interfaces.
