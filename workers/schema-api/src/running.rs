//! Queries under way, so that they can be cancelled from any isolate: a Durable Object for each, under its caller's name and its id.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    task::{Poll, Waker},
    time::Duration,
};

use futures_util::future::{Either, select};
use living_kit::{ConfigError, Problem, misconfigured};
use worker::{Delay, DurableObject, Env, Request, Response, State, Stub, durable_object};

/// The binding of the namespace.
const BINDING: &str = "RUNNING_QUERIES";

/// Longer than any query may take.
const LONGEST: Duration = Duration::from_mins(1);

/// Most queries are over before it's worth a request to say that they run.
const BEFORE_WAITING: Duration = Duration::from_millis(200);

/// How long a cancellation waits for a query of whose beginning nothing was heard yet, and how often it looks.
const BEGINNING: Duration = Duration::from_secs(1);
const LOOKS: u32 = 20;

const WAIT: &str = "https://running/wait";
const CANCEL: &str = "https://running/cancel";
const DONE: &str = "https://running/done";

/// What the answer to [`WAIT`] is if the query was cancelled.
const CANCELLED: &str = "cancelled";

/// How far a query has come, as far as it told of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Unheard,
    Runs,
    /// It knows that it's cancelled.
    Cancelled,
    Over,
}

/// One query.
#[derive(Debug)]
#[durable_object]
pub struct RunningQuery {
    phase: Cell<Phase>,
    is_cancelled: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl DurableObject for RunningQuery {
    fn new(_state: State, _env: Env) -> Self {
        Self { phase: Cell::new(Phase::Unheard), is_cancelled: Cell::new(false), waker: RefCell::new(None) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        match request.url()?.path() {
            "/wait" => {
                self.phase.set(Phase::Runs);
                let cancelled = pin!(self.cancelled());
                match select(cancelled, Delay::from(LONGEST)).await {
                    Either::Left(_) => {
                        self.phase.set(Phase::Cancelled);
                        Response::ok(CANCELLED)
                    }
                    Either::Right(_) => Response::ok(""),
                }
            }
            "/cancel" => {
                self.is_cancelled.set(true);
                self.wake();
                self.hear_of_it().await;
                let is_under_way = matches!(self.phase.get(), Phase::Runs | Phase::Cancelled);
                Response::ok(if is_under_way { CANCELLED } else { "" })
            }
            _ => {
                if self.phase.get() == Phase::Runs {
                    self.phase.set(Phase::Over);
                }
                Response::ok("")
            }
        }
    }
}

impl RunningQuery {
    async fn cancelled(&self) {
        poll_fn(|context| {
            if self.is_cancelled.get() {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Until the query tells of itself, or for [`BEGINNING`]: a cancellation may be quicker.
    async fn hear_of_it(&self) {
        for _ in 0..LOOKS {
            if self.phase.get() != Phase::Unheard {
                return;
            }
            Delay::from(BEGINNING / LOOKS).await;
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// The handle of a query that its caller has named.
#[derive(Debug)]
pub(crate) struct Running {
    stub: Stub,
    waits: Cell<bool>,
}

impl Running {
    /// # Errors
    /// If the binding isn't there.
    pub(crate) fn of(env: &Env, caller: &str, id: &str) -> Result<Self, Problem> {
        let missing = |_| misconfigured(&ConfigError::MissingVar(BINDING));
        let namespace = env.durable_object(BINDING).map_err(missing)?;
        let stub = namespace.get_by_name(&format!("{caller}\n{id}")).map_err(missing)?;
        Ok(Self { stub, waits: Cell::new(false) })
    }

    /// Ends when the query is cancelled, and never otherwise.
    pub(crate) async fn cancelled(&self) {
        Delay::from(BEFORE_WAITING).await;
        self.waits.set(true);
        let is_cancelled = match self.stub.fetch_with_str(WAIT).await {
            Ok(mut response) => response.text().await.is_ok_and(|text| text == CANCELLED),
            Err(_) => false,
        };
        if !is_cancelled {
            std::future::pending::<()>().await;
        }
    }

    /// The query is over.
    pub(crate) async fn done(&self) {
        if self.waits.get() {
            // At worst a later cancellation says that there was something to cancel.
            let _ = self.stub.fetch_with_str(DONE).await;
        }
    }

    /// Whether the query was under way.
    ///
    /// # Errors
    /// If nobody answers.
    pub(crate) async fn cancel(&self) -> Result<bool, Problem> {
        let failed = |error: worker::Error| Problem::unavailable().because(error);
        let mut response = self.stub.fetch_with_str(CANCEL).await.map_err(failed)?;
        Ok(response.text().await.map_err(failed)? == CANCELLED)
    }
}
