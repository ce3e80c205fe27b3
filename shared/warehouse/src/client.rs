//! Drives exchanges with a transport.

use std::{cell::RefCell, rc::Rc};

use living_core::sql::Statement;
use living_http::Transport;

use crate::{Action, Endpoint, Error, Exchange, Page, Session, Warehouse};

/// MotherDuck, by way of its remote MCP endpoint.
#[derive(Debug)]
pub struct McpWarehouse<T> {
    endpoint: Endpoint,
    transport: T,
    session: Rc<RefCell<Session>>,
}

impl<T: Transport> McpWarehouse<T> {
    #[must_use]
    pub fn new(endpoint: Endpoint, transport: T) -> Self {
        Self::with_session(endpoint, transport, Rc::default())
    }

    /// Goes on with a session of an earlier client of the same endpoint, and saves its handshake. One that is over is made anew.
    #[must_use]
    pub fn with_session(endpoint: Endpoint, transport: T, session: Rc<RefCell<Session>>) -> Self {
        Self { endpoint, transport, session }
    }
}

/// Rows and characters that the endpoint puts into one answer
/// ([limits](https://motherduck.com/docs/sql-reference/mcp/)).
const MAX_ROWS: u32 = 2_048;
const MAX_CHARACTERS: usize = 50_000;

impl<T: Transport> Warehouse for McpWarehouse<T> {
    fn max_rows(&self) -> u32 {
        MAX_ROWS
    }

    fn max_characters(&self) -> usize {
        MAX_CHARACTERS
    }

    async fn run_page(&self, statement: &Statement) -> Result<Page, Error> {
        let mut exchange = Exchange::new(&self.endpoint, statement, self.transport.random());
        loop {
            // The session is borrowed between awaits only: several statements may be under way at once.
            let action = exchange.next_action(&mut self.session.borrow_mut());
            match action {
                Action::Send(request) => {
                    let response = self.transport.send(request).await;
                    exchange.received(&mut self.session.borrow_mut(), response);
                }
                Action::Wait(duration) => self.transport.sleep(duration).await,
                Action::Done(outcome) => return outcome,
            }
        }
    }
}
