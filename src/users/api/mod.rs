/// The extractor that turns a request into a caller.
mod caller;
