//! The door by which fuzz/ comes in without a socket; it is there under `cfg(fuzzing)` alone.

use super::guard::Guard;
use super::listen;
use super::routes::router;
use super::site::Site;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves a site over a connection as if it had come in on loopback, with the whole rate of requests
/// to itself.
pub async fn converse(
    site: Arc<Site>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let guard = Guard::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 80)), None);
    listen::converse(stream, router("the page", site, Arc::new(guard))).await;
}
