//! The warehouse as a client sees it: in this process, over HTTP, in both reply styles.

mod cancellation;
mod client;
mod concurrency;
mod faults;
mod limits;
mod postgres;
mod process;
mod protocol;
mod r2;
mod storage;
mod tools;
mod values;
