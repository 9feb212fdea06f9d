//! Models on their way to this machine: what is fetched, what is kept when it is interrupted, and what a
//! person meets when something is wrong. The hub is one of our own, on this machine.

#[path = "../support/hub.rs"]
mod hub;
mod import;
mod interrupted;
mod pull;
mod refused;
mod scene;
