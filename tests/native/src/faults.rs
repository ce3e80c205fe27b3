//! Faults at the points where ingest waits for something outside.

use std::{cell::RefCell, future::Future, rc::Rc};

/// Where ingest waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    /// A request to the warehouse, with the beginning of its statement.
    Warehouse(String),
    StoreHead,
    StoreRead,
    /// A write to R2, with its key.
    StoreWrite(String),
    Announce,
    Publish,
    /// A request to Slack or to a language model.
    Outside,
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The isolate dies before the request leaves.
    DieBefore,
    /// The request is carried out, and the isolate dies before it hears of it.
    DieAfter,
    /// The request fails, and wasn't carried out.
    FailBefore,
    /// The request is carried out, and its answer is lost.
    FailAfter,
}

/// A plan for one run: a fault at its n-th point. It also keeps the list of points that the run came to.
#[derive(Debug, Clone, Default)]
pub struct Faults(Rc<RefCell<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    at: Option<(usize, Fault)>,
    points: Vec<Point>,
    dead: bool,
    gate: Gate,
}

/// Whether a run waits at each point until it's told to go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    None,
    /// Where the run has to wait next.
    Closed { waiting: bool },
    /// It may pass one point.
    Open,
}

impl Faults {
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// `fault` at the n-th point from now on, counted from 0.
    pub fn plan(&self, n: usize, fault: Fault) {
        *self.0.borrow_mut() = Plan { at: Some((n, fault)), ..Plan::default() };
    }

    /// A run that waits at each point for [`Self::let_pass`].
    #[must_use]
    pub fn gated() -> Self {
        Self(Rc::new(RefCell::new(Plan { gate: Gate::Closed { waiting: false }, ..Plan::default() })))
    }

    /// Whether the run waits at a point.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.0.borrow().gate == Gate::Closed { waiting: true }
    }

    /// Lets the run pass the point at which it waits.
    pub fn let_pass(&self) {
        self.0.borrow_mut().gate = Gate::Open;
    }

    async fn wait_for_gate(&self) {
        loop {
            {
                let mut plan = self.0.borrow_mut();
                match plan.gate {
                    Gate::None => return,
                    Gate::Open => {
                        plan.gate = Gate::Closed { waiting: false };
                        return;
                    }
                    Gate::Closed { .. } => plan.gate = Gate::Closed { waiting: true },
                }
            }
            tokio::task::yield_now().await;
        }
    }

    pub fn clear(&self) {
        *self.0.borrow_mut() = Plan::default();
    }

    /// The points that the run came to.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        self.0.borrow().points.clone()
    }

    /// Whether the isolate has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.borrow().dead
    }

    /// Carries out `request`, or what the plan says instead. `failed` makes the answer of a failed request.
    pub async fn around<T>(&self, point: Point, request: impl Future<Output = T>, failed: impl FnOnce() -> T) -> T {
        self.wait_for_gate().await;
        let fault = {
            let mut plan = self.0.borrow_mut();
            let n = plan.points.len();
            plan.points.push(point);
            plan.at.filter(|(at, _)| *at == n).map(|(_, fault)| fault)
        };
        match fault {
            None => request.await,
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::DieAfter) => {
                request.await;
                self.die().await
            }
            Some(Fault::FailBefore) => failed(),
            Some(Fault::FailAfter) => {
                request.await;
                failed()
            }
        }
    }

    /// Never comes back.
    async fn die<T>(&self) -> T {
        self.0.borrow_mut().dead = true;
        std::future::pending().await
    }
}
