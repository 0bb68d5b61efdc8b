//! The memory of a step, used again by the next: nothing is allocated for a token once a step of
//! as many rows was made.

use super::experts::Choice;
use super::{Step, done};
use crate::exec::Reading;
use crate::exec::load::{Norm, Turning};
use kernels::{Activations, steps};
use protocol::AppError;

/// What lies between the matrices. Each is as long as the largest step so far needed.
#[derive(Default)]
pub(super) struct Arena {
    /// The stream: (rows, hidden).
    pub x: Vec<f32>,
    /// What a mixer or a feed reads, (rows, hidden).
    pub normed: Vec<f32>,
    /// What it makes of it, (rows, hidden).
    pub made: Vec<f32>,
    /// What the mixer beside a feed has made, (rows, hidden).
    pub beside: Vec<f32>,
    pub attention: Heads,
    pub feed: Inner,
    /// Of each of the decoder's turnings.
    pub turns: Vec<Angles>,
    /// What `normed` is for matrices.
    pub activations: Activations,
    /// What is inside of a mixer or a feed, for its last matrix.
    pub inner: Activations,
}

/// Inside of an attention, (rows, heads * size) each.
#[derive(Default)]
pub(super) struct Heads {
    pub q: Vec<f32>,
    pub k: Vec<f32>,
    pub v: Vec<f32>,
    pub mixed: Vec<f32>,
}

/// Inside of a feed.
#[derive(Default)]
pub(super) struct Inner {
    /// (rows, width)
    pub gate: Vec<f32>,
    /// (rows, width)
    pub up: Vec<f32>,
    /// The router's, (rows, experts).
    pub scores: Vec<f32>,
    /// Which rows go to which experts.
    pub choices: Vec<Choice>,
    /// What experts read: (taken rows, hidden).
    pub gathered: Vec<f32>,
    /// What they make of it: (taken rows, hidden).
    pub apart: Vec<f32>,
}

/// How far each pair turns in each row, (rows, pairs).
#[derive(Default)]
pub(super) struct Angles {
    pub cos: Vec<f32>,
    pub sin: Vec<f32>,
    pub pairs: usize,
}

/// So many numbers of a buffer, which grows to them; what is in them is of no account.
pub(super) fn room(buffer: &mut Vec<f32>, numbers: usize) -> &mut [f32] {
    if buffer.len() < numbers {
        buffer.resize(numbers, 0.0);
    }
    &mut buffer[..numbers]
}

impl Arena {
    /// How far heads turn in each row of a step.
    pub fn turn(&mut self, turnings: &[Turning], readings: &[Reading<'_>]) {
        self.turns.resize_with(turnings.len(), Angles::default);
        let rows: usize = readings.iter().map(|reading| reading.ids.len()).sum();
        for (turning, angles) in turnings.iter().zip(&mut self.turns) {
            let pairs = turning.pairs();
            angles.pairs = pairs;
            let cos = room(&mut angles.cos, rows * pairs).chunks_mut(pairs.max(1));
            let sin = room(&mut angles.sin, rows * pairs).chunks_mut(pairs.max(1));
            let positions = readings.iter().flat_map(|reading| {
                let past = reading.tokens.len();
                past..past + reading.ids.len()
            });
            for (position, (cos, sin)) in positions.zip(cos.zip(sin)) {
                turning.at(position, cos, sin);
            }
        }
    }

    /// Keeps only the rows of the stream, and of what was made of it, whose logits are wanted.
    pub fn keep(&mut self, hidden: usize, readings: &[Reading<'_>]) {
        let (mut first, mut kept) = (0, 0);
        for reading in readings {
            let some = reading.kept(true);
            let rows = (first + some.start) * hidden..(first + some.end) * hidden;
            for rows_of in [&mut self.x, &mut self.normed] {
                rows_of.copy_within(rows.clone(), kept * hidden);
            }
            kept += some.len();
            first += reading.ids.len();
        }
    }

    /// Makes the stream, normed where there is a norm, what the next mixer or feed reads.
    pub fn enter(&mut self, step: &Step<'_, '_>, norm: Option<&Norm>) -> Result<(), AppError> {
        let all = step.rows * step.hidden;
        let (x, normed) = (&self.x[..all], room(&mut self.normed, all));
        match norm {
            Some(norm) => done(steps::normed(step.pool, &norm.step(), x, normed)),
            None => {
                normed.copy_from_slice(x);
                Ok(())
            }
        }
    }

    /// Adds what a mixer or a feed made, normed where there is a norm, to the stream.
    pub fn join(&mut self, step: &Step<'_, '_>, norm: Option<&Norm>) -> Result<(), AppError> {
        let all = step.rows * step.hidden;
        let (x, made) = (&mut self.x[..all], &mut self.made[..all]);
        if let Some(norm) = norm {
            done(steps::norm(step.pool, &norm.step(), made))?;
        }
        done(steps::add(step.pool, x, made))
    }
}
