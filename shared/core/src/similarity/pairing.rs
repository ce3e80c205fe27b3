//! Which words of two names answer to which.

use alloc::{format, string::String, vec::Vec};

use super::{
    joint::{self, Joint},
    name::{Name, Role, Word},
    relation::{self, Relation},
    words::{self, Representation},
};

/// The words of two names, in pairs.
pub(super) struct Pairing<'a> {
    pub(super) a: &'a Name,
    pub(super) b: &'a Name,
    /// Relation of each paired word. Of several words for one, the first.
    pub(super) relations: Vec<(Relation, &'a Word, &'a Word)>,
    /// Words that have no partner.
    pub(super) left_a: Vec<usize>,
    pub(super) left_b: Vec<usize>,
    /// Words that stand for several, and how.
    pub(super) joints: Vec<(Joint, String)>,
}

impl<'a> Pairing<'a> {
    pub(super) fn new(levenshtein: f64, a: &'a Name, b: &'a Name) -> Self {
        let mut pairing = Self {
            a,
            b,
            relations: Vec::new(),
            left_a: (0..a.words.len()).collect(),
            left_b: (0..b.words.len()).collect(),
            joints: Vec::new(),
        };
        pairing.pair(|a, b| a.text == b.text && a.role == b.role, Relation::Same);
        pairing.pair(|a, b| a.stem == b.stem && (a.role == Role::Count) == (b.role == Role::Count), Relation::Same);
        // What kind of value it is comes first, so that the rest is by itself: `po` of `po num` and `purchase order number`.
        pairing.pair(relation::are_one_term, Relation::Abbreviation);
        pairing.pair_joints();
        let in_company = !pairing.relations.is_empty() || (a.unit.is_some() && a.unit == b.unit);
        // More words on both sides are company too: each must then find its partner.
        let may_find_company = a.words.len() >= 2 && b.words.len() >= 2 || dates_one(a, b) || dates_one(b, a);
        let paired = pairing.relations.len();
        pairing.pair_related(in_company || may_find_company, levenshtein);
        pairing.pair_events();
        // `bp` is alone now: the other words of `sys bp` and `systolic blood pressure` are paired.
        if pairing.relations.len() > paired {
            pairing.pair_joints();
        }
        pairing
    }

    /// Beside a date, forms of one verb are one event: `listing date` and `date listed`.
    fn pair_events(&mut self) {
        let is_time = |word: &Word| word.representation().is_some_and(Representation::is_time);
        if self.relations.iter().any(|(_, a, b)| is_time(a) && is_time(b)) {
            self.pair(|a, b| relation::are_of_one_verb(&a.stem, &b.stem), Relation::Inflection);
        }
    }

    /// Pairs words by their forms, the surest relations first.
    fn pair_related(&mut self, in_company: bool, levenshtein: f64) {
        let mut related = Vec::new();
        for &at_a in &self.left_a {
            for &at_b in &self.left_b {
                if let (Some(word), Some(other)) = (self.a.words.get(at_a), self.b.words.get(at_b))
                    && let Some(kind) = relation::relate(word, other, in_company, levenshtein)
                {
                    related.push((kind, at_a, at_b));
                }
            }
        }
        related.sort_unstable();
        for (kind, at_a, at_b) in related {
            let (i, j) = (self.left_a.iter().position(|&at| at == at_a), self.left_b.iter().position(|&at| at == at_b));
            if let (Some(i), Some(j)) = (i, j)
                && let (Some(word), Some(other)) = (self.a.words.get(at_a), self.b.words.get(at_b))
            {
                self.left_a.remove(i);
                self.left_b.remove(j);
                self.relations.push((kind, word, other));
            }
        }
    }

    /// Pairs words that are left over and related, the first of each first.
    fn pair(&mut self, is_related: impl Fn(&Word, &Word) -> bool, kind: Relation) {
        let mut i = 0;
        while let Some(&at_a) = self.left_a.get(i) {
            let Some(word) = self.a.words.get(at_a) else { return };
            let found = self.left_b.iter().enumerate().find_map(|(j, &at_b)| {
                self.b.words.get(at_b).filter(|other| is_related(word, other)).map(|other| (j, other))
            });
            match found {
                Some((j, other)) => {
                    self.left_a.remove(i);
                    self.left_b.remove(j);
                    self.relations.push((kind, word, other));
                }
                None => i += 1,
            }
        }
    }

    /// One word on one side, several on the other: `callsign` and `call sign`.
    fn pair_joints(&mut self) {
        let (a, b) = (self.a, self.b);
        pair_joints_of(a, b, &mut self.left_a, &mut self.left_b, &mut self.joints, &mut self.relations);
        pair_joints_of(b, a, &mut self.left_b, &mut self.left_a, &mut self.joints, &mut self.relations);
    }

    pub(super) fn has_joint(&self, kind: Joint) -> bool {
        self.joints.iter().any(|(joint, _)| *joint == kind)
    }
}

/// `issued` and `issue date`: a word that says when, and one with a date.
fn dates_one(one: &Name, two: &Name) -> bool {
    let (mut one, mut two) = (one.without_remarks(), two.without_remarks());
    match (one.next(), one.next(), two.next(), two.next(), two.next()) {
        (Some(word), None, Some(_), Some(last), None) => {
            words::is_temporal(&word.text) && last.representation().is_some_and(Representation::is_time)
        }
        _ => false,
    }
}

fn pair_joints_of<'a>(
    one: &'a Name,
    many: &'a Name,
    left_one: &mut Vec<usize>,
    left_many: &mut Vec<usize>,
    joints: &mut Vec<(Joint, String)>,
    relations: &mut Vec<(Relation, &'a Word, &'a Word)>,
) {
    let is_meant = |&&at: &&usize| one.words.get(at).is_some_and(|word| word.role != Role::Remark);
    let is_alone = left_one.iter().filter(is_meant).count() == 1;
    left_one.retain(|&at| {
        let Some(word) = one.words.get(at) else { return true };
        let Some((parts, kind)) = joint::find(word, many, left_many) else { return true };
        // Two letters are initials only if nothing else is left: `dew pt temp` has its `temp` for itself.
        if kind == Joint::Acronym && word.text.len() == 2 && !is_alone {
            return true;
        }
        let Some(first) = parts.first().and_then(|&at| many.words.get(at)) else { return true };
        let texts: Vec<&str> =
            parts.iter().filter_map(|&at| many.words.get(at)).map(|word| word.text.as_str()).collect();
        joints.push((kind, format!("{} = {}", word.text, texts.join(" "))));
        relations.push((Relation::LongForm, word, first));
        left_many.retain(|at| !parts.contains(at));
        false
    });
}
