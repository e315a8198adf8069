//! The Xet protocol: tokens for a repository, and the store of content that they open (§3.5 and §3.6 of the contract).

/// Who asks, by a token of the store of content.
mod access;
/// What a repository was sent before, found by chunks.
mod chunks;
/// Stretches of xorbs.
mod ranges;
/// What to fetch for a file.
mod reconstruction;
/// Shards.
mod shards;
/// Tokens.
mod tokens;
/// Xorbs as they come.
mod xorbs;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(tokens::hf_xet_write_token)
        .service(tokens::hf_xet_read_token)
        .service(xorbs::xet_send_xorb)
        .service(chunks::xet_find_chunk)
        .service(shards::xet_send_shard)
        .service(shards::xet_send_shard_v1)
        .service(reconstruction::xet_reconstruction)
        .service(reconstruction::xet_reconstruction_v1)
        .service(ranges::xet_read_xorb);
}
