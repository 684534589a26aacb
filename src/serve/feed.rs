//! What a viewer is sent: one issue after the other for as long as it reads.

use super::issue::Manner;
use super::site::Site;
use axum::body::Bytes;
use hyper::body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A word now and then where there is nothing to tell, by which a connection that broke is noticed.
const SILENCE: Duration = Duration::from_secs(15);

/// The body of a stream that has room for one chunk: who fills it waits for who reads.
pub(super) struct Stream(mpsc::Receiver<Bytes>);

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}

/// Streams the run under watch, and the runs that come after it, to a viewer of a skill.
pub(super) fn stream(site: Arc<Site>, skill: Option<usize>) -> Stream {
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(async move {
        let viewer = site.viewer();
        // ends when the viewer is gone
        let _: Option<()> = feed(&site, skill, &send).await;
        drop(viewer);
    });
    Stream(receive)
}

/// Gives `None` when nobody reads any more.
async fn feed(site: &Site, skill: Option<usize>, send: &mpsc::Sender<Bytes>) -> Option<()> {
    let mut boards = site.boards();
    loop {
        let board = boards.borrow_and_update().clone();
        let Some(board) = board else {
            send.send(Bytes::from_static(b"event: idle\ndata: {}\n\n")).await.ok()?;
            wait(boards.changed(), send).await?.ok()?;
            continue;
        };
        let mut issues = board.watch();
        let mut issue = board.renew();
        // what was sent last, and of which fleets it told
        let mut sent = None;
        loop {
            let fleets = issue.fleets();
            let kept_up = sent == Some((issue.seq - 1, fleets));
            if sent.is_none_or(|(seq, _)| seq != issue.seq) {
                let manner = if kept_up { Manner::Next } else { Manner::Whole };
                send.send(issue.sent(manner, skill)).await.ok()?;
                site.count_frame();
            }
            sent = Some((issue.seq, fleets));
            let moved = async {
                tokio::select! {
                    changed = issues.changed() => changed.is_ok(),
                    _ = boards.changed() => false,
                }
            };
            if !wait(moved, send).await? {
                break;
            }
            issue = issues.borrow_and_update().clone();
        }
    }
}

/// Waits for something to happen, and says now and then that nothing does.
async fn wait<T>(something: impl Future<Output = T>, send: &mpsc::Sender<Bytes>) -> Option<T> {
    tokio::pin!(something);
    loop {
        let happened = async {
            tokio::select! {
                happened = &mut something => Some(Some(happened)),
                () = send.closed() => Some(None),
            }
        };
        match timeout(SILENCE, happened).await {
            Ok(happened) => return happened.flatten(),
            Err(_) => send.send(Bytes::from_static(b":\n\n")).await.ok()?,
        }
    }
}
