//! An answer on its way, in rounds: in each the model reads what all answers need next, and each
//! answer chooses its tokens from that.

use crate::generate::{Asked, Generated};
use crate::kv::BLOCK;
use crate::prompt::{self, Beginning, Prompt};
use crate::reasoning::{Parser, Piece};
use crate::sampling::Sampler;
use crate::sequence::{Beside, Reading, Sequence, Wanted, read_together};
use crate::speculation::{Speculates, Speculation};
use crate::{Cancel, Model};
use protocol::{AppError, Limits, StopReason, Times, WorkerAnswered, failure};
use std::time::{Duration, Instant};

/// How often a round tells how much of a prompt is read.
const TELL: Duration = Duration::from_millis(100);
/// How long a round looks in the store for what an answer need not read: a stop is obeyed between.
const FINDING: Duration = Duration::from_millis(30);

/// An answer on its way, with the sequence that it reads and writes.
pub struct Answer<'a> {
    model: &'a Model,
    sequence: Sequence,
    cancel: Cancel,
    limits: Limits,
    prompt: Prompt,
    reused: usize,
    stage: Stage,
    /// What is read in this round.
    next: Vec<u32>,
    parser: Parser<'a>,
    sampler: Sampler,
    speculation: Speculation<'a>,
    tokens: u32,
    reasoning_tokens: u32,
    begun: Instant,
    first: Option<Instant>,
    times: Times,
}

enum Stage {
    /// The prompt is being read; since when, once all is found that need not be.
    Reading {
        since: Option<Instant>,
    },
    /// Tokens are chosen; this one last.
    Writing {
        chosen: u32,
    },
    Ended(Result<StopReason, AppError>),
}

impl<'a> Answer<'a> {
    /// Makes the prompt. What `sequence` has in common with it is not read again; the rest of it
    /// is forgotten. A failure is told by [`Answer::end`].
    pub fn begin(
        model: &'a Model,
        mut sequence: Sequence,
        asked: Asked<'_>,
        cancel: Cancel,
    ) -> Answer<'a> {
        let begun = Instant::now();
        let made = prompt_of(model, &sequence, asked, &cancel);
        let (prompt, failed) = match made {
            Ok(prompt) => (prompt, None),
            Err(error) if error == failure::cancelled() => {
                (Prompt::none(), Some(Ok(StopReason::Cancelled)))
            }
            Err(error) => (Prompt::none(), Some(Err(error))),
        };
        // Also where there is no prompt: what it holds may be of another owner.
        sequence.turn_to(model, &prompt.ids);
        let stage = failed.map_or(Stage::Reading { since: None }, Stage::Ended);
        let mut answer = Answer {
            parser: Parser::new(model, prompt.opening),
            sampler: Sampler::new(asked.sampling, &prompt.ids),
            speculation: Speculation::new(&prompt.ids),
            limits: asked.limits.clone(),
            next: Vec::new(),
            tokens: 0,
            reasoning_tokens: 0,
            first: None,
            times: Times::default(),
            model,
            sequence,
            cancel,
            prompt,
            reused: 0,
            stage,
            begun,
        };
        // It begins behind text that was told before: in the middle of a character, where it
        // ends so.
        for at in answer.prompt.ids.len() - answer.prompt.begun..answer.prompt.ids.len() {
            if let Err(error) = answer.parser.push(answer.prompt.ids[at]) {
                answer.stage = Stage::Ended(Err(error));
                break;
            }
        }
        answer
    }

    /// Whether it has ended, well or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended(_))
    }

    /// How many pages its keys and values begin, of each layer.
    pub(crate) fn pages(&self) -> usize {
        self.sequence.tokens().len().div_ceil(BLOCK)
    }

    /// Bytes of keys and values that it alone has.
    pub(crate) fn own_bytes(&self) -> u64 {
        self.sequence.own_bytes()
    }

    /// What it reads is kept nowhere, where it is a conversation's (None: anybody's): that one is gone.
    pub fn forget(&mut self, conversation: Option<&str>) {
        if self.sequence.is_of(conversation) {
            self.sequence.forget();
        }
    }

    /// What is known of it at its end, and its sequence, which holds the prompt and the answer.
    ///
    /// Errors: those of [`crate::generate`].
    pub fn end(self) -> (Result<WorkerAnswered, AppError>, Sequence) {
        let (drafted, accepted) = self.speculation.counts();
        let draft = self.model.draft_name();
        let draft = draft.filter(|_| self.speculation.was_drafted());
        let answered = |reason| WorkerAnswered {
            reason,
            template_sha256: self.model.template().sha256().to_owned(),
            prompt_sha256: self.prompt.sha256,
            prompt_tokens: self.prompt.ids.len() as u32,
            reused_tokens: self.reused as u32,
            cut_messages: self.prompt.cut_messages as u32,
            cut_tokens: self.prompt.cut_tokens as u32,
            answer_tokens: self.tokens,
            reasoning_tokens: self.reasoning_tokens,
            drafted_tokens: drafted,
            accepted_tokens: accepted,
            draft: draft.map(str::to_owned),
            context: self.model.context(),
            engine: self.model.engine(),
            times: self.times,
        };
        let ended = match self.stage {
            Stage::Ended(ended) => ended,
            // Nobody waits for it any more.
            _ => Ok(StopReason::Cancelled),
        };
        if ended.is_ok() {
            self.sequence.keep();
        }
        let answered = ended.map(answered);
        if let Some(drafter) = self.speculation.into_drafter() {
            let is_kept = !self.sequence.is_forgotten();
            self.model.give_back(drafter, is_kept);
        }
        (answered, self.sequence)
    }

    /// Finds what is to be read next, in a step that reads also what is `beside` it.
    fn prepare(&mut self, beside: Beside) -> Wanted {
        self.next.clear();
        let read = self.sequence.tokens().len();
        match &self.stage {
            Stage::Reading { since: None } => Wanted::Nothing,
            Stage::Reading { .. } => {
                let left = &self.prompt.ids[read..];
                let chunk = self.model.pace.next(read, left.len(), beside);
                self.next.extend_from_slice(&left[..chunk]);
                if chunk == left.len() {
                    Wanted::Last
                } else {
                    Wanted::Nothing
                }
            }
            Stage::Writing { chosen } => {
                self.next.push(*chosen);
                let when = self.model.speculates();
                if when == Speculates::Never {
                    return Wanted::Last;
                }
                // Each step chooses one token more than were proposed.
                let most = self.limits.max_tokens.unwrap_or(u32::MAX);
                let room = (self.model.context() as usize)
                    .min(read.saturating_add((most - self.tokens) as usize))
                    .saturating_sub(read + 1);
                let (others, costs) = (beside.taken, &self.model.costs);
                // It may have come while this was written.
                self.speculation.draft_by(|| self.model.drafter());
                let proposed = self
                    .speculation
                    .propose(when, room, others, costs, &self.cancel);
                self.next.extend_from_slice(proposed);
                Wanted::All
            }
            Stage::Ended(_) => Wanted::Nothing,
        }
    }

    fn is_writing(&self) -> bool {
        matches!(self.stage, Stage::Writing { .. })
    }

    /// Finds what of the prompt need not be read, and tells how much that is.
    fn look(&mut self, on: &mut dyn FnMut(Generated)) {
        if let Stage::Reading { since } = &mut self.stage
            && since.is_none()
        {
            let until = Instant::now() + FINDING;
            let cancel = &self.cancel;
            let is_enough = || cancel.is_cancelled() || Instant::now() >= until;
            if self.sequence.reuse(&self.prompt.ids, &is_enough) {
                *since = Some(Instant::now());
            }
            self.reused = self.sequence.tokens().len();
            on(Generated::prefill(self.reused, self.prompt.ids.len()));
        }
        if self.cancel.is_cancelled() && !self.has_ended() {
            self.finish(Ok(StopReason::Cancelled), on);
        }
    }

    /// Goes on with what was read.
    fn take(&mut self, logits: Result<Vec<f32>, AppError>, on: &mut dyn FnMut(Generated)) {
        let mut logits = match logits {
            Ok(logits) => logits,
            // Stopped for another: the same is read again.
            Err(error) if error == failure::cancelled() && !self.cancel.is_cancelled() => return,
            Err(error) if error == failure::cancelled() => {
                return self.finish(Ok(StopReason::Cancelled), on);
            }
            Err(error) => return self.finish(Err(error), on),
        };
        if let Stage::Reading { since } = &self.stage {
            let (read, total) = (self.sequence.tokens().len(), self.prompt.ids.len());
            let since = *since;
            on(Generated::prefill(read, total));
            if read < total {
                return;
            }
            self.times.prefill_ms = since.map_or(0.0, milliseconds);
            self.next.truncate(1); // of the last token alone there are logits
        }
        let ended = self.choose(&mut logits, on);
        self.model.use_up(logits);
        if let Some(ended) = ended.transpose() {
            self.finish(ended, on);
        }
    }

    /// Chooses a token after each that was read, as long as those that were proposed are chosen;
    /// the others are forgotten. None: it goes on.
    ///
    /// Errors: `token-out-of-range`.
    fn choose(
        &mut self,
        logits: &mut [f32],
        on: &mut dyn FnMut(Generated),
    ) -> Result<Option<StopReason>, AppError> {
        let rows = self.next.len().max(1);
        let read = self.sequence.tokens().len() + 1 - rows;
        self.speculation.draft(rows - 1);
        let is_enough = |tokens| {
            let most = self.limits.max_tokens;
            most.is_some_and(|most| tokens >= most)
        };
        // Rows of the embedding beyond the tokenizer's are padding.
        let (padded, size) = (logits.len() / rows, self.model.tokenizer().len());
        for row in 0..rows {
            let forget = |sequence: &mut Sequence| {
                if row + 1 < rows {
                    sequence.truncate(read + row);
                }
            };
            if is_enough(self.tokens) || self.cancel.is_cancelled() {
                forget(&mut self.sequence);
                let enough = is_enough(self.tokens);
                return Ok(Some(if enough {
                    StopReason::Length
                } else {
                    StopReason::Cancelled
                }));
            }
            let logits = &mut logits[row * padded..(row + 1) * padded];
            let id = self.sampler.choose(&mut logits[..size.min(padded)]);
            if self.model.tokenizer().is_end(id) {
                forget(&mut self.sequence);
                return Ok(Some(StopReason::EndOfTurn));
            }
            self.tokens += 1;
            let was_reasoning = self.parser.is_reasoning();
            let pieces = self.parser.push(id)?;
            self.reasoning_tokens += u32::from(was_reasoning || self.parser.is_reasoning());
            say(pieces, on);
            if self.first.is_none() {
                self.times.first_token_ms = milliseconds(self.begun);
                self.first = Some(Instant::now());
            }
            if self.parser.is_stopped() {
                forget(&mut self.sequence);
                return Ok(Some(StopReason::EndOfTurn));
            }
            let is_proposed = self.next.get(row + 1) == Some(&id);
            self.speculation.push(id);
            if is_proposed {
                self.speculation.accept();
            } else if row + 1 < rows {
                self.speculation.reject();
            }
            let ended = if read + row >= self.model.context() as usize {
                Some(StopReason::Context)
            } else if is_enough(self.tokens) {
                Some(StopReason::Length)
            } else if self.cancel.is_cancelled() {
                Some(StopReason::Cancelled)
            } else {
                None
            };
            if ended.is_some() || !is_proposed {
                forget(&mut self.sequence);
                self.sequence.choose(id);
                self.stage = Stage::Writing { chosen: id };
                return Ok(ended);
            }
        }
        Ok(None)
    }

    fn finish(&mut self, ended: Result<StopReason, AppError>, on: &mut dyn FnMut(Generated)) {
        if let Stage::Reading { since: Some(since) } = self.stage {
            self.times.prefill_ms = milliseconds(since);
        }
        // A character that the model did not complete is told as such. One that it was not let
        // complete may be yet.
        if ended == Ok(StopReason::EndOfTurn) {
            say(self.parser.finish(), on);
        }
        self.times.decode_ms = self.first.map_or(0.0, milliseconds);
        self.stage = Stage::Ended(ended);
    }
}

/// One round: every answer that has not ended reads what it needs next, all in one step, and
/// chooses. `on` is told whose events they are, by its place in `answers`, all of one model.
pub fn round(answers: &mut [Answer<'_>], on: &mut dyn FnMut(usize, Generated)) {
    for (index, answer) in answers.iter_mut().enumerate() {
        answer.look(&mut |event| on(index, event));
    }
    let Some(model) = answers.first().map(|answer| answer.model) else {
        return;
    };
    let going: Vec<usize> = (0..answers.len())
        .filter(|index| !answers[*index].has_ended())
        .collect();
    // Prompts first: beside them proposals cost too much.
    let mut tokens = 0;
    let mut wanted = vec![Wanted::Nothing; answers.len()];
    let (writers, prompts): (Vec<usize>, Vec<usize>) =
        going.iter().partition(|i| answers[**i].is_writing());
    for (at, index) in prompts.iter().enumerate() {
        wanted[*index] = answers[*index].prepare(Beside {
            taken: tokens,
            prompts: prompts.len() - at - 1,
            writing: !writers.is_empty(),
        });
        tokens += answers[*index].next.len();
    }
    let is_reading = tokens > 0;
    for (at, index) in writers.iter().enumerate() {
        // Each of those that come after it reads one at least.
        wanted[*index] = answers[*index].prepare(Beside {
            taken: tokens + writers.len() - at - 1,
            ..Beside::default()
        });
        tokens += answers[*index].next.len();
    }
    // Whose prompts: read so far, what this round reads, in all.
    let prompts: Vec<_> = prompts
        .into_iter()
        .map(|index| {
            let answer = &answers[index];
            let (read, total) = (answer.sequence.tokens().len(), answer.prompt.ids.len());
            (index, read, answer.next.len(), total)
        })
        .collect();
    let begun = Instant::now();
    let mut readings: Vec<Reading<'_>> = Vec::with_capacity(going.len());
    for (answer, wanted) in answers.iter_mut().zip(&wanted) {
        if !answer.has_ended() {
            readings.push(Reading {
                sequence: &mut answer.sequence,
                ids: &answer.next,
                wanted: *wanted,
                cancel: &answer.cancel,
            });
        }
    }
    let mut told = begun;
    let (read, longest) = read_together(model, &mut readings, &mut |share| {
        if told.elapsed() >= TELL {
            told = Instant::now();
            for (index, read, tokens, total) in &prompts {
                let read = read + (share * *tokens as f64) as usize;
                on(*index, Generated::prefill(read, *total));
            }
        }
    });
    drop(readings);
    let took = begun.elapsed();
    if is_reading {
        model.pace.took(tokens, took, longest);
    }
    if !is_reading && tokens > 0 && read.iter().all(Result::is_ok) {
        model.costs.see(tokens, took.as_secs_f64());
    }
    for (index, logits) in going.into_iter().zip(read) {
        answers[index].take(logits, &mut |event| on(index, event));
    }
}

/// The prompt of what is asked.
///
/// Errors: those of [`crate::generate`] that come before anything is read; `cancelled`.
fn prompt_of(
    model: &Model,
    sequence: &Sequence,
    asked: Asked<'_>,
    cancel: &Cancel,
) -> Result<Prompt, AppError> {
    model.check_unchanged()?;
    let beginning = Beginning::of(asked.continued, sequence, model);
    prompt::fitting(model, asked.messages, &beginning, asked.limits, cancel)
}

fn say(pieces: Vec<Piece>, on: &mut dyn FnMut(Generated)) {
    for piece in pieces {
        on(match piece {
            Piece::Reasoning { text, ended } => Generated::Reasoning { text, ended },
            Piece::Text(text) => Generated::Text(text),
        });
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
