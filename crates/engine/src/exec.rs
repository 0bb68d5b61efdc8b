//! Executors: what computes an architecture.

pub(crate) mod candle;
