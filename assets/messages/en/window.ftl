# The window's words.

## The frame
views = Views
chat = Chat
settings = Settings
close = Close
cancel = Cancel
undo = Undo
rename = Rename
delete = Delete
edit = Edit
more = More
dismiss = Dismiss
copied = Copied
trouble = Parley could not start
try-again = Try again
details-show = Show details
details-hide = Hide details
failure-without-words = Something went wrong that Parley has no words for

## Figures
milliseconds = { $n } ms
seconds = { $n } s
tokens-per-second = { $n } tokens/s
# Stands between two sentences on one line.
sentence-gap = { " " }

## The list of conversations
conversations = Conversations
conversation = Conversation
conversation-new = New conversation
conversation-temporary = New temporary conversation
temporary = Temporary
temporary-promise = Temporary: kept nowhere, gone when Parley closes
conversation-deleted = Conversation deleted
conversations-none = Your conversations will be listed here, by date.
pane-fold = Fold the list
pane-show = Show conversations
title = Title
answering = Answering
group-today = Today
group-yesterday = Yesterday
group-week = Last seven days
memory = Memory
memory-models =
    { $n ->
        [0] No model in memory
        [one] { $n } model in memory
       *[other] { $n } models in memory
    }
memory-used = { $used } of { $total } GB
memory-free = { $free } of { $total } GB free
processor = Processor
gauge = Memory and processor
gauge-models = Models
gauge-parley = All of Parley
gauge-memory = All programs
gauge-processor = Processor, all
gauge-parley-processor = Processor, Parley

## A new conversation
hello = Ask something to begin
hello-temporary = Ask something that is not kept
hello-promise = The model runs on this computer. What you write stays here.
hello-prompt-1 = Explain why the sky is blue, in three sentences
hello-prompt-2 = What is the capital of France, and what is it known for?
hello-prompt-3 = Write a short note to thank a neighbour for watering the plants
hello-starter = { $name } is a small English demonstration model: quick, and often wrong.
hello-better = A better one for this computer and your language would be { $name }, about { $size } to fetch.
hello-better-how = Parley cannot fetch it itself yet. Get { $file } from huggingface.co, then open it here.

## Models
model = Model
models = Models
model-loaded = loaded
model-loading = loading
model-loading-so-far = loading, { $part }
model-not-loaded = not loaded
model-unusable = cannot be used
choose-model = Choose a model
choose-another-model = Choose another model
models-search = Search models
models-in-memory = In memory
models-on-disk = On this computer
models-none = No models yet. Open a model file to begin.
models-not-found = No model matches “{ $search }”.
model-file-open = Open a model file
model-folder-open = Open a model folder
model-file-opening = The model is being read
model-load = Bring { $name } into memory
model-eject = Take { $name } out of memory
model-answers-now = It is answering now
size-on-disk = { $size } on disk
context-length = { $tokens } context
fit-fits = fits · needs { $size }
fit-tight = tight · needs { $size }
fit-large = { $size } too large
fit-in-use = in use · { $size }
fit-in-memory = in memory · { $size }
switch-if = If you switch to { $name }:
switch-load = it is loaded first, { $size } from disk.
switch-read =
    { $n ->
        [one] It reads about { $tokens } token again.
       *[other] It reads about { $tokens } tokens again.
    }
switch-all = Nothing is dropped.
switch-over = About { $tokens } tokens are too many for it: the oldest messages are left out.

## The thread
to-end = To the end
code = Code
code-wrap = Wrap lines
code-copy = Copy code
table-show-all = Show all { $n } rows
switched = Switched to { $name }.
switched-read-all =
    { $n ->
        [one] It read { $tokens } token in { $time }; nothing was dropped.
       *[other] It read { $tokens } tokens in { $time }; nothing was dropped.
    }
switched-read-cut =
    { $cut ->
        [one] It read { $tokens } tokens in { $time }; the oldest message did not fit.
       *[other] It read { $tokens } tokens in { $time }; the oldest { $cut } messages did not fit.
    }
cut =
    { $n ->
        [one] The oldest message ({ $tokens } tokens) no longer fits this model’s context and was left out.
       *[other] The oldest { $n } messages ({ $tokens } tokens) no longer fit this model’s context and were left out.
    }
answer-by = Answer by { $name }
answered = { $name } answered: { $text }
thinking = Thinking
thought-for = Thought for { $time }
thought-only = It thought, and ended without an answer.
answer-copy = Copy answer
answer-again = Answer again
go-on = Go on
answer-earlier = Earlier answer
answer-later = Later answer
version-earlier = Earlier version
version-later = Later version
versions = Version { $at } of { $count }
answer-tokens =
    { $n ->
        [one] { $tokens } token
       *[other] { $tokens } tokens
    }
first-token = first token { $time }
first-token-loading = { $time } of it to load the model
stopped = stopped
interrupted = interrupted
failed = no answer
ended-length = ended at its limit
ended-context = the context is full
stage-beginning = Sent
stage-queued = Waits for its turn
stage-loading = Loading { $name }, { $part }
stage-reading =
    { $n ->
        [one] Reading { $read } of { $total } token
       *[other] Reading { $read } of { $total } tokens
    }
interrupted-title = The answer was interrupted

## The composer
composer = Write a message
composer-to = Message { $name }
editing = You are rewriting a message. The earlier version is kept.
send = Send
send-empty = Write something first
stop = Stop
context = Context used
context-title = Tokens of this conversation, of those the model can read
context-used = { $used } of { $total } tokens

## Settings
settings-sections = Sections
settings-appearance = Appearance
settings-language = Language
settings-language-system = As the system ({ $name })
settings-theme = Theme
theme-system = System
theme-light = Light
theme-dark = Dark
settings-text-size = Text size
text-small = Small
text-standard = Standard
text-large = Large
settings-models = Models and memory
settings-memory = Memory that models take
settings-memory-help = What does not fit is refused before it loads.
settings-files = Model files
settings-files-help = They are used where they are. Parley neither copies nor changes them.
settings-data = Your data
settings-privacy = Privacy
settings-privacy-help = What you write stays on this computer. No account, no telemetry, no request to any server.
settings-reading = Quick return
settings-reading-help = What models have read of your conversations is kept, so that they need not read it again when you come back to one.
settings-reading-used = { $used } on the disk now
settings-reading-none = Nothing is kept now
settings-reading-automatic = Automatic
settings-reading-usual = Automatic ({ $size })
settings-reading-off = Keep nothing
settings-reading-size = At most { $size }
settings-reading-clear = Clear
settings-kept = Where it is kept
settings-kept-help = Conversations, settings and the list of your models, in one folder:
settings-trouble = Trouble
settings-logs = Logs
settings-logs-help = What Parley did, without a word of what was said:
diagnostics = Diagnostics
diagnostics-help = Versions, hardware and the last failures, for a report. Nothing that was said is in it.
diagnostics-show = Show
diagnostics-copy = Copy diagnostics
diagnostics-copied = Diagnostics copied
settings-about = About
about-promise = Models run on this computer. Nothing leaves it.
licences = Licences of what is inside
licences-help = Parley is free software under Apache-2.0. An installed Parley has the licences of all its parts in this folder:

## Closing, and files from outside
close-title = Close Parley?
close-writing = An answer is still being written.
close-kept = What is written is kept.
close-temporary = Temporary conversations are gone then.
close-written = The answer is complete now.
close-not = Keep writing
drop-here = Drop a model file or folder to add it
adding = Reading { $name }
adding-of = Reading { $name }, { $at } of { $count }

## What the shell says outside of the page
awake-why = An answer is being written
page-dies-simple = Start again with simple drawing
page-dies-again = Try again
page-dies-close = Close

## Keys
keys = Keyboard
key-heading = Key
key-does = Does
key-new = new conversation
key-temporary = new temporary conversation
key-picker = choose a model
key-send = send
key-newline = new line
key-stop = stop the answer; close what floats
key-again = answer again
key-go-on = go on with an answer that was stopped
key-branch = earlier, later version
key-edit = in an empty composer: edit the last message
key-copy = copy the last answer
key-fold = fold the list
key-region = next, previous part of the window
key-list = move in lists; letters find a title
key-rename = rename
key-delete = delete (with undo)
key-chat = chat
key-settings = settings
key-size = text size
key-table = this table

## Help me choose: why a model is proposed
choose-everyday = For conversation, writing and questions of every kind.
choose-code = It was made for programming.
choose-maths = It was made for mathematics.
choose-medicine = It was made for medicine and biology.
choose-study = All of its making is public: data, code, logs and weights.
choose-general = It was made for everything, and can do this too.
choose-language = It speaks your language.
choose-home = It was made for your language.
choose-open = All of its making is public: data, code, logs and weights.
choose-restricted = Its licence, { $licence }, does not allow everything.
choose-quick = It would write about { $n } tokens per second here: faster than one reads.
choose-slow = It would write only about { $n ->
        [one] { $n } token
       *[other] { $n } tokens
    } per second here.
choose-bytes = It takes { $bytes } to fetch and to keep.
choose-no-advice = For study only: it is no doctor, and no advice for your health.
