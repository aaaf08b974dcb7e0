//! The globe as pictures: scenes drawn without a window, compared with each other and with committed pictures.
//!
//! Pictures need a graphics adapter; a software one (Debian: mesa-vulkan-drivers) is enough. Without any the tests fail
//! and say so. Committed pictures are compared only on that software adapter, with tolerance: its versions differ in
//! single pixels. `ARGUS_GLOBE_BLESS=1` writes them anew.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test says what is wrong by failing")]

mod checks;
mod command;
mod dragged;
mod golden;
mod heat;
mod imagery;
mod keys;
mod layers;
mod marks;
mod picture;
mod reload;
mod resolution;
mod roles;
mod window;
