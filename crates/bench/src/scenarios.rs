//! What is measured.

use std::path::Path;

use crate::databases::{Databases, Size};
use crate::http::request;
use crate::server::LOGIN;
use crate::site::{Bookings, Site, TICKETS};
use crate::turns::{Contender, Turns};
use crate::{Result, say};

/// The server's memory, and how much was there where lines say "grown".
pub(crate) struct Facts {
    pub(crate) grown: Option<Size>,
    pub(crate) idle_memory: Option<u64>,
    pub(crate) busy_memory: Option<u64>,
}

const HOT: &str = "bookings, one hot event";
const HOT_KEYED: &str = "bookings with a key, one hot event";
const SPREAD: &str = "bookings, 60 events";
const SPREAD_KEYED: &str = "bookings with a key, 60 events";
const BARE: &str = "bare drivers, one at a time";
const FIND: &str = "one bare find per request";
const OFF: &str = "grouping off";
const SMALL: &str = "small";
const GROWN: &str = ", grown";
/// The events that bookings are spread over.
const MANY: usize = 60;
/// The events, with ten bookings each, that are there in the grown databases.
const GROWN_EVENTS: usize = 100_000;

/// Measures everything that `turns` wants.
pub(crate) async fn run(
    program: &Path,
    databases: &Databases,
    grown: &Databases,
    turns: &mut Turns,
) -> Result<Facts> {
    let site = Site::start(program, databases, 256).await?;
    let idle_memory = site.server.memory();
    without_groups(turns, &site, &site.beside(program, 1).await?).await?;
    bookings(turns, &site).await?;
    let busy_memory = site.server.memory();
    sold_out_and_cancel(turns, &site).await?;
    reads(turns, &site).await?;
    let size = match turns.wants(GROWN) {
        true => Some(growth(turns, program, &site, grown).await?),
        false => None,
    };
    Ok(Facts {
        grown: size,
        idle_memory,
        busy_memory,
    })
}

/// What groups make of bookings. The other server is there for these lines only: an instance more costs
/// the rest something too.
async fn without_groups(turns: &mut Turns, on: &Site<'_>, off: &Site<'_>) -> Result<()> {
    let (hot, single) = (
        Bookings::new(HOT, 1),
        Bookings::new("bookings, grouping off", 1),
    );
    turns
        .measure(vec![
            on.bare(1, 1),
            off.book(single.by(1)).await?,
            on.book(hot.by(1)).await?.judged_by(OFF, 1),
        ])
        .await?;
    let off = off.book(single.by(256)).await?;
    turns
        .measure(vec![on.bare(256, 1), off.judged_by(BARE, 0)])
        .await
}

async fn bookings(turns: &mut Turns, site: &Site<'_>) -> Result<()> {
    let hot = Bookings::new(HOT, 1);
    turns.measure(vec![site.book(hot.by(64)).await?]).await?;
    for (line, keyed) in [
        (hot, HOT_KEYED),
        (Bookings::new(SPREAD, MANY), SPREAD_KEYED),
    ] {
        for callers in [256, 1_024] {
            let keyed = line.keyed(keyed).by(callers);
            turns
                .measure(vec![
                    site.bare(callers, line.events),
                    site.book(line.by(callers)).await?.judged_by(BARE, 0),
                    site.book(keyed).await?.judged_by(BARE, 0),
                ])
                .await?;
        }
    }
    Ok(())
}

async fn sold_out_and_cancel(turns: &mut Turns, site: &Site<'_>) -> Result<()> {
    turns
        .measure(vec![
            site.bare(256, 1),
            site.sold_out(false).await?.judged_by(BARE, 0),
            site.sold_out(true).await?.judged_by(BARE, 0),
            site.cancel().await?.judged_by(BARE, 0),
        ])
        .await
}

async fn reads(turns: &mut Turns, site: &Site<'_>) -> Result<()> {
    let events = site.server.events(1_000, 100).await?;
    for some in [&events[..1], &events[..]] {
        turns
            .measure(vec![site.finds(some), site.fetch(some).judged_by(FIND, 0)])
            .await?;
    }
    let login = request("POST", "/api/auth/login", "", LOGIN);
    let live = request("GET", "/health/live", "", "");
    for contender in [
        site.list(),
        site.mine(&events[0]).await?,
        site.repeat("login, bcrypt cost 12", 2, login),
        site.repeat("/health/live", 256, live),
    ] {
        turns.measure(vec![contender]).await?;
    }
    Ok(())
}

/// Everything that could suffer from size, in turns with the same on databases that have much less.
async fn growth(
    turns: &mut Turns,
    program: &Path,
    small: &Site<'_>,
    databases: &Databases,
) -> Result<Size> {
    say("growing");
    let grown = Site::start(program, databases, 256).await?;
    // The events to come are like the newest.
    grown.server.events(1, TICKETS).await?;
    let size = databases.grow(GROWN_EVENTS, &grown.buyers).await?;
    for line in [Bookings::new(HOT, 1), Bookings::new(SPREAD, MANY)] {
        for callers in [256, 1_024] {
            let line = line.by(callers);
            pair(turns, small.book(line).await?, grown.book(line).await?).await?;
        }
    }
    for keyed in [false, true] {
        pair(
            turns,
            small.sold_out(keyed).await?,
            grown.sold_out(keyed).await?,
        )
        .await?;
    }
    pair(turns, small.cancel().await?, grown.cancel().await?).await?;
    let few = small.server.events(1_000, 100).await?;
    let more = grown.server.events(1_000, 100).await?;
    pair(turns, small.fetch(&few[..1]), grown.fetch(&more[..1])).await?;
    pair(turns, small.fetch(&few), grown.fetch(&more)).await?;
    pair(turns, small.list(), grown.list()).await?;
    pair(
        turns,
        small.mine(&few[0]).await?,
        grown.mine(&more[0]).await?,
    )
    .await?;
    Ok(size)
}

async fn pair<'a>(turns: &mut Turns, small: Contender<'a>, grown: Contender<'a>) -> Result<()> {
    let (small, grown) = (small.called(", small"), grown.called(GROWN));
    turns.measure(vec![small, grown.judged_by(SMALL, 0)]).await
}
