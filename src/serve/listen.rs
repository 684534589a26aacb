//! The server: takes connections in, so many and no more, and lets none of them dawdle.

use super::guard::{Guard, draw_token, is_plain};
use super::routes;
use super::site::Site;
use crate::report::render_live;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::{Sleep, interval, sleep};

/// Connections at once.
const CONNECTIONS_MAX: usize = 128;
/// Bytes of a request's head.
const HEAD_MAX: usize = 16 << 10;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How long a request's head may take to come, and a connection may rest between two.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a client may take nothing of what it is sent.
const WRITE_TIME: Duration = Duration::from_secs(20);
/// Between two looks at what happened.
const TICK: Duration = Duration::from_millis(100);
/// What is said to a client too many.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("{address}: {source}; is another program using it? Name another port")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The token cannot be used.
    #[error(
        "the token has to be 8 to 128 letters, digits or any of `-._~`, so that it can stand in an \
         address"
    )]
    Token,
    /// There is no random token.
    #[error("the system gives no random numbers for a token ({0}); name one with --token")]
    NoToken(String),
    /// There is no thread.
    #[error("cannot start a thread: {0}; raise the limit on processes and threads (`ulimit -u`)")]
    Thread(io::Error),
    /// There is no page.
    #[error(transparent)]
    Page(#[from] crate::report::ReportError),
}

/// A site that is served until this is dropped.
pub struct Server {
    address: SocketAddr,
    token: Option<String>,
    drawn: bool,
    /// Dropped with the server.
    _runtime: Runtime,
}

impl Server {
    /// Serves a site on an address; port 0 is any that is free. What is reached from other machines
    /// needs a token, which is drawn where none is given.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn begin(
        address: SocketAddr,
        token: Option<String>,
        site: Arc<Site>,
    ) -> Result<Server, ServeError> {
        let given = token.is_some();
        let token = match token {
            Some(token) if !is_plain(&token) => return Err(ServeError::Token),
            None if !address.ip().is_loopback() => {
                Some(draw_token().map_err(|error| ServeError::NoToken(error.to_string()))?)
            }
            token => token,
        };
        let unbound = |source| ServeError::Address { address, source };
        let listener = TcpListener::bind(address).map_err(unbound)?;
        listener.set_nonblocking(true).map_err(unbound)?;
        let address = listener.local_addr().map_err(unbound)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("hivesim-serve")
            .enable_io()
            .enable_time()
            .build()
            .map_err(ServeError::Thread)?;
        let guard = Guard::new(address, token.as_deref());
        let page = render_live()?;
        let service = routes::router(page, site.clone(), Arc::new(guard));
        runtime.spawn(tick(site));
        let _inside = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(unbound)?;
        runtime.spawn(accept(listener, service));
        let drawn = token.is_some() && !given;
        Ok(Server { address, token, drawn, _runtime: runtime })
    }

    /// Whether nobody knows its token yet.
    pub fn has_drawn_token(&self) -> bool {
        self.drawn
    }

    /// Where the page is, with its token.
    pub fn url(&self) -> String {
        let token = self.token.as_ref().map(|token| format!("?token={token}"));
        format!("http://{}/{}", self.address, token.unwrap_or_default())
    }
}

/// Makes issues where somebody watches.
async fn tick(site: Arc<Site>) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        if let Some(board) = site.board().filter(|board| board.watchers() > 0) {
            board.renew();
        }
    }
}

/// Takes connections in.
async fn accept(listener: tokio::net::TcpListener, service: axum::Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // out of files, for one: others may close theirs
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            // whether it hears is its own affair
            let _ = stream.try_write(FULL);
            continue;
        };
        // events are short and are to come at once
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            converse(Impatient { stream, patience: None }, service).await;
            drop(place);
        });
    }
}

/// Answers what comes over a connection until either side ends it.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: axum::Router,
) {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    protocol.max_buf_size(HEAD_MAX).max_headers(HEADERS_MAX);
    let service = TowerToHyperService::new(service);
    // what goes wrong is the client's affair
    let _ = protocol.serve_connection(TokioIo::new(stream), service).await;
}

/// A connection that breaks when its client takes nothing for too long.
struct Impatient {
    stream: TcpStream,
    /// Runs while the client takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    /// Passes on what came of a write.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(WRITE_TIME)));
        match patience.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
