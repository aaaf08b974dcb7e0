//! Flows merged, sorted and written back.
