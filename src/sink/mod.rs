//! Where records go: argus files, text, JSON.
