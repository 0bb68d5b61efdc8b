//! Several feeds, of which a router chooses some for each row. Only the chosen are read.

use super::arena::{Arena, Inner, room};
use super::feed::Gated;
use super::{Step, done, product};
use crate::exec::load::{Linear, Tensors};
use crate::families::{self, Activation};
use kernels::{Activations, BlockType, Product, steps};
use protocol::AppError;
use std::ops::Range;

/// Rows that are given to experts at once, or more where there are more rows than that.
const AT_ONCE: usize = 64;

pub(super) struct Experts {
    router: Linear,
    experts: Vec<Gated>,
    /// How many are chosen.
    used: usize,
    normalised: bool,
    activation: Activation,
    hidden: usize,
    width: usize,
    /// The types of router, gates and ups.
    first_kinds: Vec<BlockType>,
    /// The types of downs.
    last_kinds: Vec<BlockType>,
}

/// That a row goes to an expert, and what its answer weighs.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    expert: usize,
    row: usize,
    weight: f32,
}

/// Consecutive choices of one expert.
struct Group<'a> {
    expert: &'a Gated,
    /// Which of the choices at hand.
    rows: Range<usize>,
}

fn kinds<'a>(linears: impl Iterator<Item = &'a Linear>) -> Vec<BlockType> {
    let mut kinds = Vec::new();
    for linear in linears {
        if !kinds.contains(&linear.kind()) {
            kinds.push(linear.kind());
        }
    }
    kinds
}

impl Experts {
    /// Errors: those of [`Tensors::linear`].
    pub fn load(tensors: &mut Tensors, experts: &families::Experts) -> Result<Experts, AppError> {
        let router = tensors.linear(&experts.router)?;
        let loaded: Result<Vec<Gated>, AppError> = experts
            .experts
            .iter()
            .map(|expert| Gated::load(tensors, expert))
            .collect();
        let loaded = loaded?;
        let firsts = loaded.iter().flat_map(|expert| [&expert.gate, &expert.up]);
        let first = loaded.first();
        Ok(Experts {
            used: experts.used.min(loaded.len()),
            normalised: experts.normalised,
            activation: first.map_or(Activation::Silu, |first| first.activation),
            hidden: router.columns(),
            width: first.map_or(0, |first| first.gate.rows()),
            first_kinds: kinds(std::iter::once(&router).chain(firsts)),
            last_kinds: kinds(loaded.iter().map(|expert| &expert.down)),
            router,
            experts: loaded,
        })
    }

    /// Reads `normed`, makes `made`. A row's parts are added in the order of the experts,
    /// whatever stands beside it. Errors: `cancelled`.
    pub fn forward(&self, step: &mut Step<'_, '_>, arena: &mut Arena) -> Result<(), AppError> {
        let (pool, rows) = (step.pool, step.rows);
        let Arena {
            normed,
            made,
            feed,
            activations,
            inner,
            ..
        } = arena;
        let normed = &normed[..rows * self.hidden];
        let made = room(made, rows * self.hidden);
        made.fill(0.0);
        activations.set(pool, &self.first_kinds, normed, self.hidden);
        let scores = room(&mut feed.scores, rows * self.experts.len());
        let mut products = [product(&self.router, activations, scores)?];
        done(kernels::products(pool, &mut products))?;
        step.watch.check()?;

        let mut choices = std::mem::take(&mut feed.choices);
        choices.clear();
        for (row, scores) in scores.chunks(self.experts.len().max(1)).enumerate() {
            self.choose(row, scores, &mut choices);
        }
        choices.sort_unstable_by_key(|choice| (choice.expert, choice.row));
        let mut rest = &choices[..];
        while !rest.is_empty() {
            let (some, others) = rest.split_at(self.some(rest, rows.max(AT_ONCE)));
            self.give(some, normed, made, feed, activations, inner, step)?;
            rest = others;
        }
        feed.choices = choices;
        Ok(())
    }

    /// The experts of a row, likeliest first; of equals the first.
    fn choose(&self, row: usize, scores: &[f32], choices: &mut Vec<Choice>) {
        let first = choices.len();
        for _ in 0..self.used {
            let taken = &choices[first..];
            let free = |expert: &usize| taken.iter().all(|choice| choice.expert != *expert);
            let left = (0..scores.len()).filter(free);
            let best = left.reduce(|best, expert| {
                if scores[expert] > scores[best] {
                    expert
                } else {
                    best
                }
            });
            choices.extend(best.map(|expert| Choice {
                expert,
                row,
                weight: scores[expert],
            }));
        }
        let chosen = &mut choices[first..];
        let largest = chosen.first().map_or(0.0, |best| best.weight);
        let weight = |score: f32| (score - largest).exp();
        let sum: f32 = if self.normalised {
            chosen.iter().map(|choice| weight(choice.weight)).sum()
        } else {
            scores.iter().map(|score| weight(*score)).sum()
        };
        for choice in chosen {
            choice.weight = weight(choice.weight) / sum;
        }
    }

    /// How many of the choices, sorted by expert, are given at once: all of some experts, and
    /// not many more than `most`.
    fn some(&self, choices: &[Choice], most: usize) -> usize {
        let mut until = 0;
        for group in choices.chunk_by(|a, b| a.expert == b.expert) {
            if until > 0 && until + group.len() > most {
                break;
            }
            until += group.len();
        }
        until
    }

    /// Gives rows to their experts, and adds what they make of them to `made`.
    #[expect(clippy::too_many_arguments, reason = "parts of one arena")]
    fn give(
        &self,
        choices: &[Choice],
        normed: &[f32],
        made: &mut [f32],
        feed: &mut Inner,
        activations: &mut Activations,
        inner: &mut Activations,
        step: &mut Step<'_, '_>,
    ) -> Result<(), AppError> {
        let (pool, hidden, count) = (step.pool, self.hidden, choices.len());
        let alone = step.rows == 1;
        if !alone {
            let gathered = room(&mut feed.gathered, count * hidden);
            pool.chunks(gathered, hidden, |at, gathered| {
                let row = choices[at].row;
                gathered.copy_from_slice(&normed[row * hidden..(row + 1) * hidden]);
            });
            activations.set(pool, &self.first_kinds, gathered, hidden);
        }
        let mut until = 0;
        let groups = choices.chunk_by(|a, b| a.expert == b.expert).map(|group| {
            let from = until;
            until += group.len();
            Group {
                expert: &self.experts[group[0].expert],
                rows: from..until,
            }
        });
        let groups: Vec<Group> = groups.collect();
        let gate = room(&mut feed.gate, count * self.width);
        let up = room(&mut feed.up, count * self.width);
        let mut products = Vec::with_capacity(2 * groups.len());
        let (mut gates, mut ups) = (&mut *gate, &mut *up);
        for Group { expert, rows } in &groups {
            let tokens = if alone { 0..1 } else { rows.clone() };
            for (linear, rest) in [(&expert.gate, &mut gates), (&expert.up, &mut ups)] {
                products.push(Product {
                    tokens: tokens.clone(),
                    ..product(linear, activations, part(rest, rows.len() * self.width)?)?
                });
            }
        }
        done(kernels::products(pool, &mut products))?;
        drop(products);
        step.watch.check()?;
        done(steps::gate(pool, self.activation, gate, up))?;

        inner.set(pool, &self.last_kinds, gate, self.width);
        let apart = room(&mut feed.apart, count * hidden);
        let mut products = Vec::with_capacity(groups.len());
        let mut rest = &mut *apart;
        for Group { expert, rows } in &groups {
            products.push(Product {
                tokens: rows.clone(),
                ..product(&expert.down, inner, part(&mut rest, rows.len() * hidden)?)?
            });
        }
        done(kernels::products(pool, &mut products))?;
        drop(products);
        step.watch.check()?;
        let at_once = step.rows.div_ceil(4 * pool.threads());
        pool.chunks(made, at_once * hidden, |chunk, made| {
            let first = chunk * at_once;
            for (choice, apart) in choices.iter().zip(apart.chunks(hidden)) {
                let row = choice.row.wrapping_sub(first);
                if let Some(made) = made.chunks_mut(hidden).nth(row) {
                    steps::add_weighed(pool, made, choice.weight, apart);
                }
            }
        });
        Ok(())
    }
}

/// Takes so many numbers from the front of `rest`.
fn part<'a>(rest: &mut &'a mut [f32], numbers: usize) -> Result<&'a mut [f32], AppError> {
    let (part, others) = std::mem::take(rest)
        .split_at_mut_checked(numbers)
        .ok_or_else(|| crate::exec::failed("experts of different widths"))?;
    *rest = others;
    Ok(part)
}
