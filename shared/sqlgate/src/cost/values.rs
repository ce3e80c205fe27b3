//! Bounds of what an expression gives, and what in it costs too much.

use super::{
    ELEMENT_ROWS, Estimated, Estimator, Frame, Shape,
    value::{self, Value, count},
};
use crate::{
    ast::{At, Call, DataType, Expr, Ident, Suffix},
    functions,
    walk::Below,
};

/// Rows of a series in FROM.
const MAX_SERIES_ROWS: f64 = 1e6;

/// Elements of a list that a function makes for each row.
const MAX_ELEMENTS: f64 = 1e5;

/// Elements of a list that it makes once.
const MAX_ELEMENTS_ONCE: f64 = 1e6;

/// Bytes of a text, or of a list, that a function multiplies. A result of MotherDuck's HTTP tools has 50,000 characters.
const MAX_MULTIPLIED: f64 = 1e7;

/// Bytes that what is gathered from rows counts for, where it's put into something: a guess, as few groups are as large as their table.
const MAX_GATHERED: f64 = 1e5;

/// Bytes of what is put together of several.
const MAX_JOINED: f64 = 1e9;

/// Brackets in text that is read as JSON. DuckDB 1.5.5 overflows its stack at about 80,000 levels; `json_pretty` needs their square in bytes.
const MAX_JSON_BRACKETS: f64 = 1_000.0;

/// Wildcards in a pattern of LIKE. Matching is by recursion on each.
const MAX_WILDCARDS: usize = 32;

/// Digits of a width in the template of `format` and `printf`.
const MAX_WIDTH_DIGITS: usize = 4;

impl Estimator<'_> {
    pub(super) fn all_below<'e>(&mut self, walk: impl FnOnce(&mut dyn FnMut(Below<'e>))) -> Estimated<Vec<Value>> {
        let mut below = Vec::new();
        walk(&mut |part| below.push(part));
        below
            .into_iter()
            .map(|part| match part {
                Below::Expr(expr) => self.value(expr),
                Below::Query(query) => self.query(query).map(|shape| one_of(&shape)),
            })
            .collect()
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Estimated<Value> {
        match expr {
            Expr::Number(number) => {
                let number = parse_number(number);
                Ok(Value { least: number, ..Value::number(number) })
            }
            Expr::Text(text) => Ok(Value::text(text)),
            Expr::Typed(data_type, text) => {
                let value = Value::text(text);
                self.cast(value, data_type, At(0))
            }
            Expr::Constant(_) => Ok(Value::number(1.0)),
            Expr::Parameter(..) => Ok(Value { size: 1_000.0, brackets: 100.0, ..Value::UNKNOWN }),
            Expr::Ordinal(_) => Ok(self.any_column()),
            Expr::Interval(inner, _) => {
                self.value(inner)?;
                Ok(Value { days: interval_days(expr).map(|days| (days, days)), ..Value::UNKNOWN })
            }
            Expr::Column(path) => {
                self.place = path.first().map_or(self.place, |name| name.at);
                Ok(self.column(path))
            }
            Expr::Star(_) | Expr::Columns(_) => {
                self.all_below(|visit| expr.below(visit))?;
                Ok(self.any_column())
            }
            Expr::Call(call) => self.call(call, None),
            Expr::Cast { expr, target, .. } => {
                let value = self.value(expr)?;
                self.cast(value, target, At(0))
            }
            Expr::Extract { field, from } => {
                self.value(from)?;
                Ok(date_part(field))
            }
            Expr::Prefix(sign, expr) => {
                let value = self.value(expr)?;
                Ok(if *sign == "~" { Value::UNKNOWN } else { value })
            }
            Expr::Chain(first, rest) => self.chain(first, rest),
            Expr::Like { pattern, .. } => {
                self.all_below(|visit| expr.below(visit))?;
                if let Expr::Text(text) = pattern.as_ref()
                    && text.chars().filter(|c| matches!(c, '%' | '*')).count() > MAX_WILDCARDS
                {
                    return self.refuse(At(0), format!("the pattern has more than {MAX_WILDCARDS} wildcards"));
                }
                Ok(Value::number(1.0))
            }
            Expr::Is(..) | Expr::Between { .. } | Expr::Quantified { .. } | Expr::Exists(_) | Expr::In { .. } => {
                self.all_below(|visit| expr.below(visit))?;
                Ok(Value::number(1.0))
            }
            Expr::Case(case) => {
                // Each part once: a part evaluated twice would double the time with each level.
                for condition in case.operand.iter().chain(case.branches.iter().map(|(condition, _)| condition)) {
                    self.value(condition)?;
                }
                let results = case.branches.iter().map(|(_, result)| result).chain(&case.otherwise);
                self.widest(results)
            }
            Expr::Subquery(query) => self.query(query).map(|shape| one_of(&shape)),
            Expr::ArrayOf(query) => self.query(query).map(|shape| one_of(&shape).times(shape.rows)),
            Expr::Brackets(expr) | Expr::Named(_, expr) | Expr::Collate(expr, _) => self.value(expr),
            Expr::Lambda(names, body) => self.with_names(names, Value::STORED, body),
            Expr::Comprehension(comprehension) => {
                let list = self.value(&comprehension.list)?;
                let result = self.with_names(&comprehension.names, list.element(), &comprehension.result)?;
                if let Some(condition) = &comprehension.condition {
                    self.with_names(&comprehension.names, list.element(), condition)?;
                }
                self.multiplied(result.times(list.elements), At(0), "a list comprehension")
            }
            Expr::Suffixed(base, suffixes) => self.suffixed(base, suffixes),
            Expr::Position { .. } => {
                self.all_below(|visit| expr.below(visit))?;
                Ok(Value::SMALL)
            }
            Expr::Substring { .. } | Expr::Trim { .. } => {
                let values = self.all_below(|visit| expr.below(visit))?;
                Ok(values.into_iter().next().unwrap_or(Value::UNKNOWN))
            }
            Expr::Row { .. } | Expr::List(_) | Expr::Struct(_) | Expr::Map(_) => {
                let values = self.all_below(|visit| expr.below(visit))?;
                let elements = count(values.len());
                let all = values.into_iter().reduce(Value::and).unwrap_or_else(|| Value::number(0.0));
                Ok(Value { elements, brackets: all.brackets + 1.0, ..all })
            }
        }
    }

    fn widest<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) -> Estimated<Value> {
        let mut widest: Option<Value> = None;
        for expr in exprs {
            let value = self.value(expr)?;
            widest = Some(widest.map_or(value, |widest| widest.or(value)));
        }
        Ok(widest.unwrap_or(Value::UNKNOWN))
    }

    /// All columns that can be meant by one that is not named.
    fn any_column(&self) -> Value {
        let nodes = self.frames.last().map_or(&[][..], |frame| &frame.nodes);
        nodes.iter().filter_map(|node| node.shape.all()).reduce(Value::or).unwrap_or(Value::UNKNOWN)
    }

    /// All that a name can mean here: aliases, columns of tables here and in queries around.
    fn column(&self, path: &[Ident]) -> Value {
        let (Some(first), Some(last)) = (path.first(), path.last()) else { return Value::UNKNOWN };
        let in_frame = |frame: &Frame| {
            let names = frame.names.iter().filter(|(name, _)| first.is(name)).map(|(_, value)| *value);
            let of_nodes = frame.nodes.iter().filter_map(|node| {
                let is_qualifier = path.len() > 1 && node.name.as_ref().is_some_and(|name| first.is(name));
                let wanted = if is_qualifier { last } else { first };
                let listed = node
                    .shape
                    .columns
                    .iter()
                    .filter(|(name, _)| wanted.is(name))
                    .map(|(_, value)| *value)
                    .reduce(Value::or);
                // A whole row, by the table's name.
                let row = (path.len() == 1 && node.name.as_ref().is_some_and(|name| first.is(name)))
                    .then(|| node.shape.all())
                    .flatten();
                listed.or(node.shape.stored.then_some(Value::STORED)).or(row)
            });
            names.chain(of_nodes).reduce(Value::or)
        };
        self.frames.iter().filter_map(in_frame).reduce(Value::or).unwrap_or(Value::UNKNOWN)
    }

    fn with_names(&mut self, names: &[Ident], value: Value, body: &Expr) -> Estimated<Value> {
        let names = names.iter().map(|name| (name.text.to_ascii_lowercase(), value)).collect();
        let rows = self.frames.last().map_or(1.0, |frame| frame.rows);
        self.frames.push(Frame { names, rows, ..Frame::default() });
        let result = self.value(body);
        self.frames.pop();
        result
    }

    fn cast(&self, value: Value, target: &DataType, at: At) -> Estimated<Value> {
        match target {
            DataType::Named { name: "JSON", .. } => self.json(value, at, "a cast to JSON"),
            _ => Ok(value),
        }
    }

    /// What is read out of JSON text.
    fn json(&self, value: Value, at: At, what: &str) -> Estimated<Value> {
        if value.brackets > MAX_JSON_BRACKETS {
            return self.refuse(
                at,
                format!(
                    "{what} may read JSON that is nested {:.0e} levels deep, and {MAX_JSON_BRACKETS:.0} is the most",
                    value.brackets
                ),
            );
        }
        Ok(value)
    }

    fn multiplied(&self, value: Value, at: At, what: &str) -> Estimated<Value> {
        // Infinite, or no number at all, if the bound isn't known.
        if value.size <= MAX_MULTIPLIED {
            return Ok(value);
        }
        if value.size.is_finite() {
            return self.refuse(
                at,
                format!("{what} may make {:.0e} bytes of one value, and {MAX_MULTIPLIED:.0e} is the most", value.size),
            );
        }
        self.refuse(at, format!("how much {what} makes can't be told from the query: use a number, a length or a count, or least(…, 100)"))
    }

    fn chain(&mut self, first: &Expr, rest: &[(&'static str, Expr)]) -> Estimated<Value> {
        let mut value = self.value(first)?;
        for (operator, operand) in rest {
            if matches!(*operator, "~~" | "~~*" | "!~~" | "!~~*" | "~~~")
                && matches!(operand, Expr::Text(text) if text.matches(['%', '*']).count() > MAX_WILDCARDS)
            {
                return self.refuse(At(0), format!("the pattern has more than {MAX_WILDCARDS} wildcards"));
            }
            let right = self.value(operand)?;
            value = match *operator {
                "+" | "-" => Value {
                    most: value.most + right.most,
                    // Two numbers may all but cancel each other out.
                    least: 0.0,
                    days: shifted(value.days, right.days, *operator == "-"),
                    ..value.or(right)
                },
                "*" => {
                    let days = value.days.or(right.days);
                    let factor = if value.days.is_some() { right.most } else { value.most };
                    let days = days.map(|(from, to)| {
                        let most = from.abs().max(to.abs()) * factor;
                        (-most, most)
                    });
                    Value { most: value.most * right.most, least: value.least * right.least, days, ..value.or(right) }
                }
                "/" | "//" => {
                    let most = if right.least > 0.0 { value.most / right.least } else { f64::INFINITY };
                    Value { most, least: value.least / right.most, ..value }
                }
                "%" => Value::number(right.most),
                "^" | "**" => Value::number(value.most.powf(right.most)),
                "||" => {
                    let both = value.and(right);
                    if both.size > MAX_JOINED {
                        return self.refuse(
                            At(0),
                            format!(
                                "|| may make {:.0e} bytes of one value, and {MAX_JOINED:.0e} is the most",
                                both.size
                            ),
                        );
                    }
                    Value { most: f64::INFINITY, ..both }
                }
                "->" | "->>" => self.json(value, At(0), operator)?,
                "AT TIME ZONE" => right.or(value),
                "AND" | "OR" | "=" | "<>" | "<" | ">" | "<=" | ">=" | "IS DISTINCT FROM" | "IS NOT DISTINCT FROM" => {
                    Value::number(1.0)
                }
                _ => Value { most: f64::INFINITY, ..value.and(right) },
            };
        }
        Ok(value)
    }

    fn suffixed(&mut self, base: &Expr, suffixes: &[Suffix]) -> Estimated<Value> {
        let mut value = self.value(base)?;
        for suffix in suffixes {
            value = match suffix {
                Suffix::Cast(target) => self.cast(value, target, At(0))?,
                Suffix::Field(_) => value,
                Suffix::Index(index) => {
                    self.value(index)?;
                    value
                }
                Suffix::Slice { from, to, step } => {
                    for bound in from.iter().chain(to.expr()).chain(step) {
                        self.value(bound)?;
                    }
                    value
                }
                Suffix::Method(call) => self.call(call, Some(value))?,
            };
        }
        Ok(value)
    }

    // ---- Calls ----

    /// A call, perhaps as a method of a value.
    fn call(&mut self, call: &Call, subject: Option<Value>) -> Estimated<Value> {
        self.place = call.name.at;
        self.all_below(|visit| call.below_arguments(visit))?;
        let name = call.name.text.to_ascii_lowercase();
        let mut arguments: Vec<Value> = subject.into_iter().collect();
        let mut bodies = Vec::new();
        for argument in &call.arguments {
            match lambda(argument) {
                Some((names, body)) => bodies.push((names, body)),
                None => arguments.push(self.value(argument)?),
            }
        }
        let list = arguments.first().copied().unwrap_or(Value::UNKNOWN);
        let mut body = None;
        for (names, expr) in bodies {
            body = Some(self.with_names(&names, list.element(), expr)?);
            if name.ends_with("reduce") {
                self.reduction(&names, expr, list, call)?;
            }
        }
        self.called(call, &name, &arguments, body)
    }

    /// A reduction that uses what it has so far more than once multiplies with each element.
    fn reduction(&self, names: &[Ident], body: &Expr, list: Value, call: &Call) -> Estimated<()> {
        let Some(so_far) = names.first() else { return Ok(()) };
        if joins(body) && mentions(body, so_far) > 1 {
            return self.refuse(call.name.at, "the reduction multiplies a text or a list with each element");
        }
        if list.elements > MAX_ELEMENTS {
            return self.refuse(call.name.at, format!("the list may have {:.0e} elements", list.elements));
        }
        Ok(())
    }

    fn called(&mut self, call: &Call, name: &str, arguments: &[Value], body: Option<Value>) -> Estimated<Value> {
        if let Some(value) = self.multiplying(call, name, arguments, body)? {
            return Ok(value);
        }
        let rows = self.frames.last().map_or(1.0, |frame| frame.rows);
        let first = arguments.first().copied().unwrap_or(Value::UNKNOWN);
        let all = all_of(arguments);
        match name {
            "list_aggregate" | "list_aggr" | "array_aggregate" | "array_aggr" | "aggregate" => {
                let aggregate = call.arguments.iter().find_map(as_text).map(str::to_ascii_lowercase);
                if aggregate.is_none_or(|aggregate| !functions::is_aggregate(&aggregate)) {
                    let reason = format!("{name} needs the name of an aggregate function as a text");
                    return self.refuse(call.name.at, reason);
                }
                Ok(Value { most: f64::INFINITY, ..first })
            }
            "string_agg" | "group_concat" | "listagg" | "list" | "array_agg" if call.over.is_none() => {
                let gathered = all.times(rows);
                if gathered.size > MAX_JOINED {
                    let size = gathered.size;
                    let reason =
                        format!("{name} may gather {size:.0e} bytes in one value, and {MAX_JOINED:.0e} is the most");
                    return self.refuse(call.name.at, reason);
                }
                Ok(Value { size: gathered.size.min(MAX_GATHERED), ..gathered })
            }
            "json_object" | "json_array" | "json_quote" | "to_json" | "row_to_json" | "array_to_json" => {
                Ok(Value { brackets: all.brackets + 1.0, ..all })
            }
            "json_group_array" | "json_group_object" | "json_group_structure" => {
                Ok(Value { size: MAX_GATHERED, brackets: all.brackets + 1.0, ..Value::UNKNOWN })
            }
            _ if name.starts_with("json") || name.starts_with("from_json") => self.json(all, call.name.at, name),
            "unnest" | "generate_subscripts" | "regexp_split_to_table" => {
                let elements = if name == "unnest" { first.elements.max(1.0) } else { ELEMENT_ROWS };
                if let Some(frame) = self.frames.last_mut() {
                    frame.unnested *= elements;
                }
                Ok(first.element())
            }
            "make_date" | "make_timestamp" => Ok(Value { days: of_year(call, first), ..Value::UNKNOWN }),
            "sum" => Ok(Value { least: first.least, ..Value::number(first.most * rows) }),
            _ => Ok(plain(call, name, arguments)),
        }
    }

    /// What functions make that can give far more than they get.
    fn multiplying(
        &self,
        call: &Call,
        name: &str,
        arguments: &[Value],
        body: Option<Value>,
    ) -> Estimated<Option<Value>> {
        let argument = |i: usize| arguments.get(i).copied().unwrap_or(Value::UNKNOWN);
        let most = |i: usize, otherwise: f64| arguments.get(i).map_or(otherwise, |value| value.most);
        let of_size = |size: f64| Value { size, ..Value::UNKNOWN };
        let first = argument(0);
        let value = match name {
            "range" | "generate_series" => {
                let is_once = self.frames.iter().all(|frame| frame.rows <= 1.0)
                    || self.frames.last().is_some_and(|frame| frame.nodes.is_empty() && frame.rows <= 1.0);
                let most = if is_once { MAX_ELEMENTS_ONCE } else { MAX_ELEMENTS };
                let elements = self.series(call, arguments, most)?;
                let widest = arguments.iter().copied().reduce(Value::or).unwrap_or(Value::UNKNOWN);
                Value { elements, size: elements * 8.0, brackets: 0.0, ..widest }
            }
            "repeat" => {
                let times = argument(1).most;
                Value { elements: first.elements * times, ..first.times(times) }
            }
            "lpad" | "rpad" => {
                let length = argument(1).most;
                let padding = if argument(2).brackets > 0.0 { length } else { 0.0 };
                Value { brackets: first.brackets + padding, ..of_size(length) }
            }
            "array_resize" | "list_resize" => {
                let length = argument(1).most;
                Value { size: length * 16.0, elements: length, ..first }
            }
            "bitstring" => of_size(argument(1).most),
            "bar" => of_size(most(3, 80.0)),
            "to_base" => of_size(most(2, 64.0)),
            "equi_width_bins" => Value { size: argument(2).most * 16.0, ..first },
            "replace" | "regexp_replace" | "translate" => {
                let by = argument(2);
                let brackets = (first.size + 1.0).mul_add(by.brackets, first.brackets);
                Value { brackets, ..of_size(first.size * by.size.max(1.0)) }
            }
            "list_transform" | "list_apply" | "array_transform" | "array_apply" | "apply" => {
                body.unwrap_or(first).times(first.elements)
            }
            "format" | "printf" => {
                self.template(name, call.arguments.first(), call.name.at)?;
                let all = all_of(arguments);
                Value { most: f64::INFINITY, size: all.size + 1e4, ..all }
            }
            _ => return Ok(None),
        };
        self.multiplied(value, call.name.at, name).map(Some)
    }

    /// The elements of `range` or `generate_series`, if they can be told and are not too many.
    fn series(&self, call: &Call, arguments: &[Value], most: f64) -> Estimated<f64> {
        let (at, name) = (call.name.at, &call.name.text);
        let elements = match arguments {
            [stop] => stop.most,
            [start, stop] => span(call.arguments.first(), start, call.arguments.get(1), stop),
            [start, stop, by] => match (by.days, call.arguments.get(2).map(Expr::bare)) {
                (Some((shortest, longest)), Some(Expr::Interval(..) | Expr::Call(_) | Expr::Prefix(..))) => {
                    let period = shortest.abs().min(longest.abs());
                    match (start.days, stop.days) {
                        (Some(start), Some(stop)) if shortest * longest > 0.0 => {
                            (stop.1 - start.0).abs().max((start.1 - stop.0).abs()) / period
                        }
                        _ => f64::INFINITY,
                    }
                }
                (_, Some(expr)) => match literal(expr) {
                    Some(number) if number != 0.0 => {
                        span(call.arguments.first(), start, call.arguments.get(1), stop) / number.abs()
                    }
                    _ => f64::INFINITY,
                },
                (_, None) => f64::INFINITY,
            },
            _ => return self.refuse(at, format!("{name} takes one to three arguments")),
        };
        if elements <= most {
            Ok(elements + 1.0)
        } else if elements.is_finite() {
            self.refuse(at, format!("{name} may make {elements:.0e} values, and {most:.0e} is the most"))
        } else {
            self.refuse(at, format!("how many values {name} makes can't be told from the query: use numbers, dates, lengths or counts for its bounds, and a number or an interval for its step"))
        }
    }

    fn template(&self, name: &str, template: Option<&Expr>, at: At) -> Estimated<()> {
        let Some(Expr::Text(template)) = template else {
            return self.refuse(at, format!("the template of {name} has to be a text in the query"));
        };
        let is_brace = name == "format";
        let mut open = false;
        let mut digits = 0;
        for c in template.chars() {
            match c {
                '{' if is_brace && open && digits > 0 => {
                    return self.refuse(at, "a width in the template of format has to be a number");
                }
                '{' | '}' if is_brace => (open, digits) = (c == '{', 0),
                '%' if !is_brace => (open, digits) = (!open, 0),
                '*' if open => return self.refuse(at, format!("a width in the template of {name} has to be a number")),
                '0'..='9' if open => digits += 1,
                ':' if is_brace && open => digits = 1,
                c if !is_brace && c.is_ascii_alphabetic() => open = false,
                _ => {}
            }
            if open && digits > MAX_WIDTH_DIGITS {
                return self
                    .refuse(at, format!("a width in the template of {name} has more than {MAX_WIDTH_DIGITS} digits"));
            }
        }
        Ok(())
    }

    /// A table function's rows.
    pub(super) fn table_function(&mut self, call: &Call) -> Estimated<Shape> {
        let values: Vec<Value> =
            call.arguments.iter().map(|argument| self.value(argument)).collect::<Result<_, _>>()?;
        let name = call.name.text.to_ascii_lowercase();
        let first = values.first().copied().unwrap_or(Value::UNKNOWN);
        let shape = |rows: f64, value: Value| Shape { rows, columns: vec![(name.clone(), value)], stored: false };
        match name.as_str() {
            "range" | "generate_series" => {
                let rows = self.series(call, &values, MAX_SERIES_ROWS)?;
                let widest = values.iter().copied().reduce(Value::or).unwrap_or(Value::UNKNOWN);
                Ok(shape(rows, Value { size: 16.0, elements: 1.0, ..widest }))
            }
            "unnest" => Ok(shape(first.elements, first.element())),
            "json_each" | "json_tree" => {
                self.json(first, call.name.at, &name)?;
                Ok(Shape {
                    rows: ELEMENT_ROWS.max(first.size / 4.0),
                    columns: vec![("value".to_owned(), first)],
                    stored: true,
                })
            }
            _ => Ok(shape(first.elements.max(first.size), first)),
        }
    }
}

/// Functions whose number is no larger than a length, a count or a part of a date.
const SMALL: [&str; 47] = [
    "approx_count_distinct",
    "array_length",
    "ascii",
    "bit_length",
    "cardinality",
    "char_length",
    "character_length",
    "count",
    "count_if",
    "count_star",
    "countif",
    "cume_dist",
    "date_diff",
    "datediff",
    "day",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "dense_rank",
    "grouping",
    "hour",
    "instr",
    "isodow",
    "isoyear",
    "json_array_length",
    "len",
    "length",
    "length_grapheme",
    "levenshtein",
    "list_count",
    "list_unique",
    "minute",
    "month",
    "ntile",
    "octet_length",
    "percent_rank",
    "quarter",
    "random",
    "rank",
    "rank_dense",
    "row_number",
    "second",
    "sign",
    "strlen",
    "strpos",
    "week",
    "year",
];

/// Functions that give one of their arguments, or a number no larger.
const NO_LARGER: [&str; 45] = [
    "abs",
    "any_value",
    "arbitrary",
    "arg_max",
    "arg_min",
    "avg",
    "cbrt",
    "ceil",
    "ceiling",
    "coalesce",
    "date",
    "date_trunc",
    "even",
    "first",
    "first_value",
    "floor",
    "greatest",
    "if",
    "ifnull",
    "lag",
    "last",
    "last_day",
    "last_value",
    "lead",
    "list_first",
    "list_last",
    "list_max",
    "list_min",
    "ln",
    "log",
    "log10",
    "log2",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "nth_value",
    "nullif",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "round",
];

/// What any other function gives.
fn plain(call: &Call, name: &str, arguments: &[Value]) -> Value {
    let first = arguments.first().copied().unwrap_or(Value::UNKNOWN);
    let widest = arguments.iter().copied().reduce(Value::or).unwrap_or(Value::UNKNOWN);
    let all = all_of(arguments);
    if SMALL.contains(&name) {
        return Value::SMALL;
    }
    if NO_LARGER.contains(&name) {
        return widest;
    }
    match name {
        "sqrt" | "trunc" | "try" => widest,
        "least" => Value { most: arguments.iter().map(|value| value.most).fold(f64::INFINITY, f64::min), ..widest },
        "mod" => Value::number(arguments.get(1).map_or(f64::INFINITY, |by| by.most)),
        "chr" | "unhex" | "from_hex" | "unbin" | "from_binary" | "from_base64" | "decode" | "url_decode" => {
            Value { most: f64::INFINITY, brackets: first.size, ..first }
        }
        "array_to_string" | "list_string_agg" | "concat_ws" => {
            let between = |value: &Value| value.elements * all.brackets;
            let brackets = arguments.iter().map(between).fold(all.brackets, f64::max);
            Value { most: f64::INFINITY, brackets, ..all }
        }
        "today"
        | "now"
        | "current_date"
        | "get_current_timestamp"
        | "transaction_timestamp"
        | "current_localtimestamp" => Value { days: Value::STORED.days, ..Value::UNKNOWN },
        "to_days" | "to_weeks" | "to_months" | "to_years" | "to_hours" | "to_minutes" | "to_seconds" => {
            let unit = name.strip_prefix("to_").and_then(|unit| unit.strip_suffix('s')).unwrap_or_default();
            let most = value::days_of(&unit.to_ascii_uppercase()).map(|days| days * first.most);
            let is_exact = matches!(call.arguments.as_slice(), [Expr::Number(_)]);
            Value { days: most.map(|most| (if is_exact { most } else { -most }, most)), ..Value::UNKNOWN }
        }
        _ => Value { most: f64::INFINITY, days: None, size: all.size.max(16.0), ..all },
    }
}

/// The days of `make_date(year, …)`.
fn of_year(call: &Call, year: Value) -> Option<(f64, f64)> {
    let days = |year: f64| (year - 1970.0) * 365.25;
    match call.arguments.as_slice() {
        [Expr::Number(year), _, ..] => Some((days(parse_number(year)), days(parse_number(year) + 1.0))),
        [_, _, ..] => Some((days(-year.most), days(year.most + 1.0))),
        _ => None,
    }
}

fn all_of(arguments: &[Value]) -> Value {
    arguments.iter().copied().reduce(Value::and).unwrap_or(Value { most: f64::INFINITY, ..Value::number(0.0) })
}

fn as_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Text(text) => Some(text),
        _ => None,
    }
}

/// A value of a query's first column, or of any.
fn one_of(shape: &Shape) -> Value {
    shape.all().unwrap_or(Value::UNKNOWN)
}

/// The names and the body of a lambda, in either of its forms.
fn lambda(expr: &Expr) -> Option<(Vec<Ident>, &Expr)> {
    match expr {
        Expr::Lambda(names, body) => Some((names.clone(), body)),
        Expr::Chain(names, rest) => {
            let [("->", body)] = rest.as_slice() else { return None };
            let name = |expr: &Expr| match expr {
                Expr::Column(path) => match path.as_slice() {
                    [name] => Some(name.clone()),
                    _ => None,
                },
                _ => None,
            };
            let names: Option<Vec<Ident>> = match names.as_ref() {
                Expr::Row { keyword: false, values } => values.iter().map(name).collect(),
                expr => name(expr.bare()).map(|name| vec![name]),
            };
            // `data -> '$.x'` is JSON, and has a text to its right.
            names.filter(|_| !matches!(body, Expr::Text(_) | Expr::Number(_))).map(|names| (names, body))
        }
        _ => None,
    }
}

/// Whether an expression puts texts or lists together, or makes larger ones of them.
pub(super) fn joins(expr: &Expr) -> bool {
    const JOINING: [&str; 14] = [
        "array_append",
        "array_cat",
        "array_concat",
        "array_prepend",
        "concat",
        "concat_ws",
        "format",
        "list_append",
        "list_cat",
        "list_concat",
        "list_prepend",
        "list_value",
        "printf",
        "struct_pack",
    ];
    let mut found = match expr {
        Expr::Chain(_, rest) => rest.iter().any(|(operator, _)| *operator == "||"),
        Expr::List(_) | Expr::Struct(_) | Expr::Row { .. } => true,
        Expr::Call(call) => JOINING.iter().chain(&MULTIPLYING).any(|joining| call.name.is(joining)),
        Expr::Suffixed(_, suffixes) => suffixes.iter().any(|suffix| matches!(suffix, Suffix::Method(_))),
        _ => false,
    };
    expr.below(&mut |part| {
        if let Below::Expr(part) = part {
            found |= joins(part);
        }
    });
    found
}

/// Whether an expression makes a text or a list so many times as large.
pub(super) fn multiplies(expr: &Expr) -> bool {
    let mut found = match expr {
        Expr::Call(call) => MULTIPLYING.iter().any(|name| call.name.is(name)),
        Expr::Comprehension(_) => true,
        Expr::Suffixed(_, suffixes) => suffixes.iter().any(|suffix| match suffix {
            Suffix::Method(call) => MULTIPLYING.iter().any(|name| call.name.is(name)),
            _ => false,
        }),
        _ => false,
    };
    expr.below(&mut |part| {
        if let Below::Expr(part) = part {
            found |= multiplies(part);
        }
    });
    found
}

/// Functions that give several times what they get.
const MULTIPLYING: [&str; 16] = [
    "apply",
    "array_apply",
    "array_resize",
    "array_transform",
    "list_apply",
    "list_reduce",
    "list_resize",
    "list_transform",
    "lpad",
    "reduce",
    "regexp_replace",
    "repeat",
    "replace",
    "rpad",
    "to_json",
    "translate",
];

fn mentions(expr: &Expr, wanted: &Ident) -> usize {
    let mut found =
        usize::from(matches!(expr, Expr::Column(path) if path.first().is_some_and(|first| first.is(&wanted.text))));
    expr.below(&mut |part| {
        if let Below::Expr(part) = part {
            found += mentions(part, wanted);
        }
    });
    found
}

fn parse_number(number: &str) -> f64 {
    number.replace('_', "").parse().unwrap_or(f64::INFINITY)
}

/// A number that's written out, with its sign.
fn literal(expr: &Expr) -> Option<f64> {
    match expr.bare() {
        Expr::Number(number) => Some(parse_number(number)),
        Expr::Prefix("-", inner) => literal(inner).map(|number| -number),
        Expr::Prefix("+", inner) => literal(inner),
        _ => None,
    }
}

/// How far two numbers can be apart.
fn span(start_expr: Option<&Expr>, start: &Value, stop_expr: Option<&Expr>, stop: &Value) -> f64 {
    match (start_expr.and_then(literal), stop_expr.and_then(literal)) {
        (Some(start), Some(stop)) => (stop - start).abs(),
        (Some(start), None) if start >= 0.0 => stop.most,
        _ => start.most + stop.most,
    }
}

/// The days of an interval that's written out.
pub(super) fn interval_days(expr: &Expr) -> Option<f64> {
    let Expr::Interval(value, unit) = expr else { return None };
    match (value.as_ref(), unit) {
        (Expr::Text(text), None) => value::parse_interval(text),
        (Expr::Text(text), Some(unit)) => Some(text.trim().parse::<f64>().ok()? * value::days_of(unit)?),
        (value, Some(unit)) => Some(literal(value)? * value::days_of(unit)?),
        _ => None,
    }
}

fn shifted(days: Option<(f64, f64)>, by: Option<(f64, f64)>, back: bool) -> Option<(f64, f64)> {
    match (days, by) {
        (Some(days), Some(by)) if back => Some((days.0 - by.1.max(by.0), days.1 - by.0.min(by.1))),
        (Some(days), Some(by)) => Some((days.0 + by.0.min(by.1), days.1 + by.1.max(by.0))),
        (days, None) => days,
        (None, by) => by,
    }
}

fn date_part(field: &str) -> Value {
    let field = field.to_ascii_lowercase();
    let is_large = ["epoch", "micro", "milli", "nano", "julian"].iter().any(|large| field.starts_with(large));
    if is_large { Value::number(f64::INFINITY) } else { Value::SMALL }
}
