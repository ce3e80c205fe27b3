//! What a message says.

use living_core::outbox::health::{Health, Proposal};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    HEADER_CHARACTERS,
    text::{code, counted, plain},
};

/// Items that a message lists. If there are more, it's a digest: counts, and the most important ones.
pub const LISTED: usize = 5;

/// Characters of a name: the longest sentence has four of them and two types, each at most five times as long when it's escaped, and stays
/// under half of [`TEXT_CHARACTERS`](crate::TEXT_CHARACTERS).
const NAME: usize = 60;

/// Characters of a reason; escaped it's at most 1,250 characters.
const REASON: usize = 250;

/// Characters of a review page's address, which stands in a text of its own.
const ADDRESS: usize = 2_000;

/// What a message tells of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// The first and the last version of the schema among it.
    pub versions: Option<(i64, i64)>,
    /// What the versions change, but for what stands under `conflicts`: groups of alike changes.
    pub changes: Vec<Change>,
    /// How many items wait for a person.
    pub conflict_count: u64,
    /// The first of them, those with the highest score first; [`LISTED`] are enough.
    pub conflicts: Vec<Conflict>,
    /// How many reports would no longer give what they gave.
    pub report_count: u64,
    /// The first of them; [`LISTED`] are enough.
    pub reports: Vec<ChangedReport>,
    /// The newest health report.
    pub health: Option<Health>,
    /// New items that are kept out of the schema, because it changed too often within a day.
    pub waiting: u64,
    /// What was kept out is taken in again.
    pub resumed: bool,
}

/// Changes of one kind to items of one kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Change {
    /// `entity_type` or `field`.
    pub kind: String,
    /// `added`, `removed`, `type_changed`, …, as the diff of a version has it.
    pub change: String,
    /// `additive`, `widening` or `breaking`.
    pub compatibility: String,
    pub count: u64,
    /// The first of them; [`LISTED`] are enough.
    pub items: Vec<ChangedItem>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ChangedItem {
    /// The annotated dataset, or the source table.
    pub scope: String,
    pub name: String,
    /// Types of a field before and after.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// An item that looks like another one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Conflict {
    pub kind: String,
    pub scope: String,
    pub name: String,
    pub similar_scope: String,
    pub similar_name: String,
    /// From 0 to 1.
    pub score: f64,
    pub reason: String,
}

/// A report that would give something else now, or can't run any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedReport {
    pub name: String,
    /// What changed, in a sentence.
    pub reason: String,
}

/// The address of the page where a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewUrl(String);

impl ReviewUrl {
    /// `None` if it's not an address of HTTP, is too long, or has characters that would end a link of Slack's markup.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let is_http = url.starts_with("https://") || url.starts_with("http://");
        let fits = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '|');
        (is_http && url.chars().count() <= ADDRESS && url.chars().all(fits)).then(|| Self(url.to_owned()))
    }
}

impl News {
    /// The body of the webhook's request: Block Kit, and the same as plain text for notifications. The header block's id is the id of the
    /// message, by which it can be found in `outbox_attempts`.
    #[must_use]
    pub fn message(&self, id: Uuid, review_url: Option<&ReviewUrl>) -> Value {
        let title: String = self.title().chars().take(HEADER_CHARACTERS).collect();
        let summary = self.summary();
        let sentences = self.sentences();
        let listed = sentences.len();
        let mut blocks = vec![
            json!({
                "type": "header",
                "block_id": id.to_string(),
                "text": { "type": "plain_text", "text": title, "emoji": false },
            }),
            section(&format!("*{summary}*")),
        ];
        blocks.extend(sentences.iter().map(|sentence| section(sentence)));
        blocks.extend(self.health.as_ref().and_then(Health::call).map(|call| section(&format!("*{call}*"))));
        let left = (self.total() + u64::from(self.waiting > 0)).saturating_sub(listed as u64);
        if left > 0 {
            blocks.push(section(&format!("… and {left} more")));
        }
        if let Some(ReviewUrl(url)) = review_url {
            blocks.push(section(&format!("<{}|Open the review page>", url.replace('&', "&amp;"))));
        }
        json!({ "text": format!("{title}: {summary}"), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
    }

    fn total(&self) -> u64 {
        self.changes.iter().map(|change| change.count).sum::<u64>()
            + self.conflict_count
            + self.report_count
            + self.proposal_count()
    }

    fn proposal_count(&self) -> u64 {
        self.health.as_ref().map_or(0, |health| health.proposal_count)
    }

    fn title(&self) -> String {
        let waits = self.conflict_count > 0 || self.waiting > 0;
        match (self.versions, &self.health) {
            (Some((first, last)), _) if first < last => format!("Schema versions {first} to {last}"),
            (Some((version, _)), _) => format!("Schema version {version}"),
            (None, _) if !waits && self.report_count == 1 => "A report has changed".to_owned(),
            (None, _) if !waits && self.report_count > 1 => format!("{} reports have changed", self.report_count),
            (None, Some(health)) if !waits => health.title(),
            (None, _) => "The schema waits for a decision".to_owned(),
        }
    }

    /// How many of what, in a sentence without anything from outside.
    fn summary(&self) -> String {
        let mut parts: Vec<String> = self.sorted().map(Change::summary).collect();
        if self.conflict_count > 0 {
            parts.insert(0, format!("{} to decide on", counted(self.conflict_count, "near-duplicate")));
        }
        if self.report_count > 0 {
            parts.push(format!("{} with another result", counted(self.report_count, "report")));
        }
        if let Some(health) = &self.health {
            parts.push(health.summary());
        }
        if self.waiting > 0 {
            parts.insert(0, format!("{} kept out of the schema for now", counted(self.waiting, "new item")));
        }
        if self.resumed {
            parts.insert(0, "new items are taken in again".to_owned());
        }
        if parts.is_empty() { "nothing that a query would notice".to_owned() } else { parts.join(", ") }
    }

    /// The most important items: what waits for a person, reports, what could be consolidated, then what may break a query, then the rest.
    fn sentences(&self) -> Vec<String> {
        const PAUSED: &str = "*Too many changes:* the schema changed more often within a day than is allowed. New items wait until a day has fewer \
                              changes, or a person takes them in.";
        let paused = (self.waiting > 0).then(|| PAUSED.to_owned());
        let conflicts = paused.into_iter().chain(self.conflicts.iter().map(Conflict::sentence));
        let conflicts = conflicts.chain(self.reports.iter().map(ChangedReport::sentence));
        let health = self.health.iter().flat_map(|health| &health.proposals).map(consolidation);
        let conflicts = conflicts.chain(health);
        let changes = self.sorted().flat_map(|change| change.items.iter().map(|item| change.sentence(item)));
        conflicts.chain(changes).take(LISTED).collect()
    }

    /// The changes, breaking ones first.
    fn sorted(&self) -> impl Iterator<Item = &Change> {
        let (breaking, others): (Vec<&Change>, Vec<&Change>) =
            self.changes.iter().partition(|change| change.compatibility == "breaking");
        breaking.into_iter().chain(others)
    }
}

impl Change {
    fn noun(&self) -> String {
        words(&self.kind)
    }

    fn summary(&self) -> String {
        let noun = self.noun();
        match self.change.as_str() {
            "added" => counted(self.count, &format!("new {noun}")),
            "removed" => format!("{} gone", counted(self.count, &noun)),
            "type_changed" => format!("{} with another type", counted(self.count, &noun)),
            "names_changed" => format!("{} with other names", counted(self.count, &noun)),
            "meaning_changed" => format!("{} with values of another kind", counted(self.count, &noun)),
            other => format!("{} {}", counted(self.count, &noun), words(other)),
        }
    }

    fn sentence(&self, item: &ChangedItem) -> String {
        let noun = self.noun();
        let place = format!("{} in {}", code(&item.name, NAME), code(&item.scope, NAME));
        let data_type = |known: &Option<String>| known.as_deref().map(|t| code(t, NAME)).unwrap_or_default();
        match self.change.as_str() {
            "added" if item.after.is_some() => format!("New {noun}: {place}, {}", data_type(&item.after)),
            "added" => format!("New {noun}: {place}"),
            "removed" => format!("Gone: {noun} {place}"),
            "names_changed" => format!("The {noun} {place} has other names in the data than before"),
            "meaning_changed" => format!("The values of the {noun} {place} seem to be of another kind than before"),
            "type_changed" => {
                let (before, after) = (data_type(&item.before), data_type(&item.after));
                format!("The {noun} {place} is {after} now, and was {before} ({})", words(&self.compatibility))
            }
            other => format!("The {noun} {place}: {}", words(other)),
        }
    }
}

impl Conflict {
    fn sentence(&self) -> String {
        let Self { kind, scope, name, similar_scope, similar_name, score, reason } = self;
        format!(
            "*Decide:* the {} {} in {} looks like {} in {}: {} (score {score:.2})",
            words(kind),
            code(name, NAME),
            code(scope, NAME),
            code(similar_name, NAME),
            code(similar_scope, NAME),
            plain(reason, REASON),
        )
    }
}

impl ChangedReport {
    fn sentence(&self) -> String {
        format!("*Report* {}: {}", code(&self.name, NAME), plain(&self.reason, REASON))
    }
}

fn consolidation(proposal: &Proposal) -> String {
    let sentence = proposal.sentence(|name| code(name, NAME), |reason| plain(reason, REASON));
    format!("*Consolidate:* {sentence}")
}

/// `verbatim`: Slack makes no links or mentions of what only looks like one
/// ([text object](https://docs.slack.dev/reference/block-kit/composition-objects/text-object)).
fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// A word of the catalog as words: `entity_type`.
fn words(word: &str) -> String {
    plain(&word.replace('_', " "), NAME)
}

#[cfg(test)]
mod tests {
    use living_core::outbox::health::Consolidation;
    use proptest::prelude::*;

    use super::*;
    use crate::{MESSAGE_BLOCKS, TEXT_CHARACTERS};

    fn item(name: &str, before: Option<&str>, after: Option<&str>) -> ChangedItem {
        ChangedItem {
            scope: "fleet_list".into(),
            name: name.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
        }
    }

    fn change(change: &str, compatibility: &str, count: u64, items: Vec<ChangedItem>) -> Change {
        Change { kind: "field".into(), change: change.into(), compatibility: compatibility.into(), count, items }
    }

    fn conflict(name: &str) -> Conflict {
        Conflict {
            kind: "entity_type".into(),
            scope: "wnut".into(),
            name: name.into(),
            similar_scope: "wnut".into(),
            similar_name: "product".into(),
            score: 0.974,
            reason: "plural or spelling: product ≈ products".into(),
        }
    }

    #[test]
    fn a_report_that_has_changed_is_named_with_the_reason() {
        let report = ChangedReport { name: "Calls <!here>".into(), reason: "3 rows now, 2 when it was pinned".into() };
        let news = News { report_count: 7, reports: vec![report], ..News::default() };
        let message = news.message(Uuid::nil(), None);
        assert_eq!(
            texts(&message),
            [
                "7 reports have changed",
                "*7 reports with another result*",
                "*Report* `Calls &lt;!here&gt;`: 3 rows now, 2 when it was pinned",
                "… and 6 more"
            ]
        );
    }

    #[test]
    fn the_health_report_names_what_could_be_consolidated_and_what_is_to_be_done() {
        let of = |name: &str, into: Option<(&str, &str)>, reason: &str| Proposal {
            kind: "entity_type".into(),
            scope: "wnut".into(),
            name: name.into(),
            into: into.map(|(scope, name)| (scope.into(), name.into())),
            reason: reason.into(),
        };
        let health = Health {
            week: "2026-11-30".into(),
            stale: 3,
            rare: 2,
            proposal_count: 9,
            consolidation: Some(Consolidation::ByRule),
            proposals: vec![
                of("<!here>", None, "seen 3 times, last on 2026-08-01"),
                of("products", Some(("wnut", "product")), "plural"),
            ],
        };
        let news = News { health: Some(health), ..News::default() };
        assert_eq!(
            texts(&news.message(Uuid::nil(), None)),
            [
                "Health of the schema, week of 2026-11-30",
                "*3 not seen for 90 days, 2 seen fewer than 5 times, 9 to consolidate*",
                "*Consolidate:* the entity type `&lt;!here&gt;` in `wnut` could be left out: seen 3 times, last on 2026-08-01",
                "*Consolidate:* the entity type `products` in `wnut` could be merged into `product` in `wnut`: plural",
                "*Consolidation is due. What is sure is decided by rule in a week, unless somebody decides before.*",
                "… and 7 more"
            ]
        );
    }

    /// The texts of the blocks.
    fn texts(message: &Value) -> Vec<&str> {
        message["blocks"].as_array().unwrap().iter().map(|block| block["text"]["text"].as_str().unwrap()).collect()
    }

    #[test]
    fn up_to_five_items_are_listed_and_what_waits_for_a_person_comes_first() {
        let news = News {
            versions: Some((7, 7)),
            changes: vec![
                change("added", "additive", 1, vec![item("Year built", None, Some("BIGINT"))]),
                change("type_changed", "breaking", 1, vec![item("imo", Some("VARCHAR"), Some("BIGINT"))]),
                change("removed", "breaking", 1, vec![item("flag", Some("VARCHAR"), None)]),
            ],
            conflict_count: 1,
            conflicts: vec![conflict("products")],
            ..News::default()
        };
        let message = news.message(Uuid::nil(), ReviewUrl::parse("https://review.example/?a=1&b=2").as_ref());
        assert_eq!(
            texts(&message),
            [
                "Schema version 7",
                "*1 near-duplicate to decide on, 1 field with another type, 1 field gone, 1 new field*",
                "*Decide:* the entity type `products` in `wnut` looks like `product` in `wnut`: plural or spelling: product ≈ products \
                 (score 0.97)",
                "The field `imo` in `fleet_list` is `BIGINT` now, and was `VARCHAR` (breaking)",
                "Gone: field `flag` in `fleet_list`",
                "New field: `Year built` in `fleet_list`, `BIGINT`",
                "<https://review.example/?a=1&amp;b=2|Open the review page>",
            ]
        );
        assert_eq!(
            message["text"],
            "Schema version 7: 1 near-duplicate to decide on, 1 field with another type, 1 field gone, 1 new field"
        );
        assert_eq!(message["blocks"][0]["block_id"], Uuid::nil().to_string());
    }

    #[test]
    fn more_are_a_digest_that_lists_five_and_counts_the_rest() {
        let items = (0..9).map(|n| item(&format!("c{n}"), None, Some("BIGINT"))).collect();
        let news = News {
            versions: Some((3, 9)),
            changes: vec![change("added", "additive", 200, items)],
            conflict_count: 12,
            conflicts: vec![conflict("a"), conflict("b"), conflict("c")],
            ..News::default()
        };
        let message = news.message(Uuid::nil(), None);
        let texts = texts(&message);
        assert_eq!(texts[..2], ["Schema versions 3 to 9", "*12 near-duplicates to decide on, 200 new fields*"]);
        assert_eq!(texts.len(), 2 + LISTED + 1);
        assert_eq!(texts.last(), Some(&"… and 207 more"));
    }

    #[test]
    fn a_pause_and_its_end_are_told_of() {
        let paused = News { waiting: 3, ..News::default() }.message(Uuid::nil(), None);
        assert_eq!(
            texts(&paused)[..2],
            ["The schema waits for a decision", "*3 new items kept out of the schema for now*"]
        );
        assert!(texts(&paused)[2].starts_with("*Too many changes:*"));
        let resumed = News { versions: Some((4, 4)), resumed: true, ..News::default() }.message(Uuid::nil(), None);
        assert_eq!(texts(&resumed), ["Schema version 4", "*new items are taken in again*"]);
    }

    #[test]
    fn changes_that_it_does_not_know_are_told_of_too() {
        let news = News {
            versions: Some((2, 2)),
            changes: vec![change("merged_into", "additive", 1, vec![item("a", None, None)])],
            ..News::default()
        };
        let message = news.message(Uuid::nil(), None);
        assert_eq!(texts(&message)[1..], ["*1 field merged into*", "The field `a` in `fleet_list`: merged into"]);
    }

    #[test]
    fn an_address_that_would_break_out_of_its_link_is_none() {
        for wrong in [
            "",
            "ftp://x",
            "javascript:alert(1)",
            "https://x|y",
            "https://x>y",
            "https://x y",
            &"https://x".repeat(300),
        ] {
            assert_eq!(ReviewUrl::parse(wrong), None, "{wrong}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[<>&`*!@#|:/ ]{0,400}", Just("&".repeat(5_000))]
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let item = (text(), text(), proptest::option::of(text()), proptest::option::of(text()))
            .prop_map(|(scope, name, before, after)| ChangedItem { scope, name, before, after });
        let word =
            prop_oneof![Just("added".to_owned()), Just("removed".to_owned()), Just("type_changed".to_owned()), text()];
        (text(), word, text(), any::<u32>(), proptest::collection::vec(item, 0..8)).prop_map(
            |(kind, change, compatibility, count, items)| Change {
                kind,
                change,
                compatibility,
                count: count.into(),
                items,
            },
        )
    }

    fn any_conflict() -> impl Strategy<Value = Conflict> {
        (text(), text(), text(), text(), text(), 0.0..1.0, text()).prop_map(
            |(kind, scope, name, similar_scope, similar_name, score, reason)| Conflict {
                kind,
                scope,
                name,
                similar_scope,
                similar_name,
                score,
                reason,
            },
        )
    }

    proptest! {
        #[test]
        fn whatever_comes_from_outside_the_message_is_within_the_limits_and_has_no_markup_of_its_own(
            changes in proptest::collection::vec(any_change(), 0..8),
            conflicts in proptest::collection::vec(any_conflict(), 0..8),
            versions in proptest::option::of((any::<i64>(), any::<i64>())),
        ) {
            let news = News { versions, changes, conflict_count: conflicts.len() as u64, conflicts, ..News::default() };
            let message = news.message(Uuid::nil(), None);
            prop_assert!(message["blocks"].as_array().unwrap().len() <= MESSAGE_BLOCKS);
            for (i, text) in texts(&message).into_iter().enumerate() {
                let limit = if i == 0 { HEADER_CHARACTERS } else { TEXT_CHARACTERS };
                prop_assert!(!text.is_empty() && text.chars().count() <= limit);
                prop_assert!(!text.contains(['<', '>', '\n']), "{text}");
            }
            let fallback = message["text"].as_str().unwrap();
            prop_assert!(!fallback.contains(['<', '>', '\n']), "{fallback}");
        }
    }
}
