//! The search engine against real indexes in temporary folders.

mod access;
mod corpus;
mod durability;
mod facets;
mod http;
mod others;
mod relevance;
mod sorting;
mod words;
