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
hello-better-from = From { $repository } on { $host }.

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
models-more = More models…
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
answer-drafted = { $accepted } of { $drafted } tokens proposed from the text were chosen
answer-drafted-by = { $accepted } of { $drafted } tokens proposed by { $name } and from the text were chosen
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
settings-kv = Memory of the conversation
settings-kv-help = Compact takes half the memory, and answers may differ a little. It applies from the next time a model is loaded.
settings-kv-exact = Exact (16 bits)
settings-kv-compact = Compact (8 bits)
settings-draft = Draft model
settings-draft-help = A smaller model proposes words that the larger one checks: the same answers, sooner. It has to be installed and have the same vocabulary, and is used while it pays and both fit into memory.
settings-draft-nobody = No two of the installed models go together so.
settings-draft-for = Draft model for { $name }
settings-draft-automatic = Automatic ({ $name })
settings-draft-never = None
settings-draft-gone = A model that is not there any more
settings-files = Model files
settings-files-help = They are used where they are. Parley neither copies nor changes them.
settings-data = Your data
settings-privacy = Privacy
settings-privacy-help = What you write stays on this computer. No account, no telemetry. Nothing goes out but what you ask for: a search or a download.
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
about-promise = Models run on this computer. What you write does not leave it.
licences = Licences of what is inside
licences-help = Parley is free software under Apache-2.0. An installed Parley has the licences of all its parts in this folder:

## The library
library = Library
library-fetching = A model is being fetched
library-pages = Parts of the library
library-all = All models
library-here = On this computer
library-models = Models by family
library-back = Back
library-search = Search the library
library-search-in = Models, makers, words
library-filters = Filters
library-filters-show = Show filters
library-filters-clear =
    { $n ->
        [one] Clear { $n } filter
       *[other] Clear { $n } filters
    }
library-fits = Fits this computer
library-installed = Installed
library-good-for = Good for
library-language = Language
library-openness = Openness
library-any = Any
library-licence = Licence
library-licence-open = Any use
library-licence-limits = With conditions
library-size = Size of the download
library-size-most = At most { $size }
library-count =
    { $n ->
        [one] { $n } model
       *[other] { $n } models
    }
library-memory = { $memory } GB of memory for models
library-room = { $memory } GB of memory for models, { $disk } GB free on the disk
library-order = Sort
library-order-by = Sort: { $order }
library-order-fit = best fit
library-order-size = smallest first
library-order-date = newest first
library-order-openness = most open first
library-none = No model of the catalogue matches.
library-active = { $all }, { $active } active
library-chat = Chat
library-chat-with = Chat with it
library-is-installed = installed
library-get = Get { $size }
library-get-about = Get about { $size }
about = about { $value }
library-get-any = Get
library-get-named = { $get }: { $name }
library-ask = How to get it
library-see = See the model
library-instead = See what would fit
library-would-fit = What fits this computer and is alike:
library-none-fits = No model of the catalogue that is alike fits this computer.
library-family = Family
library-family-more = More about { $name }
library-this = this model
library-quality = How good it was found to be
library-prices = What hosts ask for it
library-prices-help = For comparison only: here it runs on your computer and costs nothing a token.
library-price = { $input } read, { $output } written, for a million tokens
library-form = Prompt form
library-sources = Sources
library-files = Files
library-recommended = recommended
library-no-file = The catalogue knows no file of it that Parley runs.
family-technique = What its technique means
family-tree = What grew from what
task-chat = Conversation
task-completion = Going on with a text
task-code = Code
task-maths = Mathematics
task-reasoning = Thinking first
task-tools = Tools
task-vision = Pictures
domain-general = General
domain-medicine = Medicine
domain-japanese = Japanese
domain-chinese = Chinese
domain-multilingual = Many languages
domain-small = Small
source-read = read { $day }
address-copy = Copy { $address }
list-gap = { ", " }

## How open a model is
open-how = How open it is
open-sources = Show the sources
open-beside = Beside the five lights
open-data = training data
open-weights = weights
open-evaluation = evaluation code
open-tuning = fine-tuning code
open-metrics = training metrics
open-code = training code
open-open = open
open-partly = partly
open-closed = closed
open-unknown = not known
open-part = { $part } { $state }
open-sentence = Openness: { $parts }
open-class-full = Fully open
open-class-weights = Weights only
open-class-restricted = Restricted

## What fits
fit-unknown = Whether it fits is not known
fit-over = Too large by { $size } of memory
fit-well = Fits · { $size } memory
fit-barely = Tight · { $size } memory
fit-at-least = at least { $size }
fit-speed = about { $speed }
fit-at = Memory at { $tokens } tokens
fit-weights = Weights
fit-conversation = Conversation
fit-computing = Computing
fit-together = Together
fit-over-by = { $size } more than models may take here.
fit-estimated = The size of the weights is an estimate from their number and type.
fit-conversation-unknown = The file's beginning and the catalogue do not say how much a conversation takes: it comes on top.
fit-speed-how = About { $speed }: each token reads { $token }, and this computer reads { $bandwidth } a second, as measured.
licence-named = Licence: { $name }
licence-any-use = Any use, by anyone
gated = Its makers ask first
gated-how = Sign in at this address in a browser and accept the terms there. Then give Parley your access token.
gated-token = Set the access token

## Downloads
downloads = Downloads
downloads-more = { $n } more in the queue
downloads-fewer = Show one
download-of = { $done } of { $total }
download-left = { $time } left
download-checked = checked as it arrives
download-waiting = waits for its turn
download-asking = asking what there is to fetch
download-retrying = tried again in { $time }: { $why }
download-paused = paused
download-checking = what came before is read again
download-elsewhere = another window of Parley fetches it
download-done = whole and checked
download-failed = cannot be fetched
download-pause = Pause { $name }
download-resume = Resume { $name }
download-cancel = Cancel { $name }
download-dismiss = Dismiss { $name }
download-earlier = Fetch { $name } earlier
download-later = Fetch { $name } later
minutes-seconds = { $m } min { $s } s
hours-minutes = { $h } h { $m } min

## Search of the hub
hub-search = Search the hub
hub-search-for = Search the hub for “{ $text }”
hub-search-goes = Your words then go to { $host }, and nothing else of yours.
hub-found-for = On the hub: “{ $text }”
hub-strangers = Anyone can publish there; Parley has read none of it.
hub-format = Format
hub-sort-downloads = most fetched
hub-sort-likes = most liked
hub-sort-changed = newest
hub-asks-first = asks first
hub-fetched = fetched { $n } times in a month
hub-liked = liked { $n } times
hub-changed = changed { $day }
hub-known = In the catalogue
hub-searching = The hub is searched
hub-asking = The hub is asked
hub-none = The hub has nothing under these words that Parley runs.
hub-hidden =
    { $n ->
        [one] The filters hide { $n } repository.
       *[other] The filters hide { $n } repositories.
    }
hub-more = Show more
hub-parent = Made from
hub-no-card = Its makers have not described it.
hub-no-files = There is no file in it that Parley runs.
hub-folder = Folder of safetensors { $kind }

## What is installed
installed-sum =
    { $n ->
        [one] { $n } model, { $size }
       *[other] { $n } models, { $size }
    }
installed-none = Models that you fetch or open will be listed here.
installed-never = not used yet
installed-last = last used { $day }
installed-by =
    { $n ->
        [one] { $n } conversation
       *[other] { $n } conversations
    }
installed-verify = Check the files of { $name } again
installed-delete = Delete { $name }
installed-update = Update
installed-update-named = Update { $name }
installed-update-help = The old one is kept until the new one is whole.
installed-look = Look for a newer version of { $name }
installed-looking = The hub is asked for a newer version
installed-newest = This is the newest version.
installed-newer = Newer version: { $size }
installed-updating = A newer version is in the queue; this one works until that is whole.
keeper-parley = Parley’s own
keeper-hub = the hub’s folder, shared with other programs
keeper-person = used in place
elsewhere = Found on this computer
elsewhere-help = Other programs have these. Parley can use them where they are, without a copy.
elsewhere-add = Add
elsewhere-add-named = Add { $name }
work-verifying = Reading every byte again
work-moving = Moving the models
work-verified = Every byte is as it should be.
work-moved = All models are in the new folder.
work-cancelled = Cancelled; nothing is lost.
delete-frees = { $size } of the disk come free.
delete-unlists = Its files stay where they are; it only leaves the library.
delete-shared = { $size } stay, because another model or program has them too.
delete-breaks =
    { $n ->
        [one] { $n } conversation will need another model for its next answer. What was said stays.
       *[other] { $n } conversations will need another model for their next answer. What was said stays.
    }
delete-loaded = It is in memory now, and is taken out first.
delete-in-use = A program has it in memory: its space comes free when that lets go of it.
delete-unlist = Only take it off the list
delete-files = Delete the files

## Help in choosing
choose-help = Help me choose
choose-what-for = What is it for?
choose-for-everyday = Conversation and writing
choose-for-code = Programs
choose-for-maths = Mathematics
choose-for-medicine = Medicine and biology
choose-for-study = To see how a model is made
choose-which-language = In which language?
choose-what-matters = What matters most?
choose-matters-quality = Good answers
choose-matters-speed = Quick answers
choose-matters-openness = That all of it can be seen
choose-matters-size = That it is small
choose-show = Show models
choose-again = Other answers
choose-found = These suit best, the best first:
choose-nothing = No model of the catalogue suits these answers and fits this computer.

## The network
network = Network
network-by = Set by { $variable }: { $value }
network-offline = Stay offline
network-offline-help = Even a search or a download that you ask for is then refused. Without it, nothing leaves this computer unless you ask.
network-mirror = Mirror
network-mirror-help = The address of the hub, or of a mirror. Empty: the hub’s own.
network-token = Access token
network-token-keyring = Kept in the system’s keyring. Needed for models whose makers ask first.
network-token-file = This system has no keyring that answers: it is kept in a plain file that only you can read.
network-token-set = Set: { $token }
network-token-check = Check
network-token-remove = Remove
network-token-paste = Paste a token
network-token-other = Paste another token
network-token-valid = Valid: { $account }, { $role }
network-checking = The hub is asked whether it is valid
network-proxy = Proxy
network-proxy-help = http, https or socks5, with host and port; a user name too.
network-password = Password of the proxy
network-password-help = Kept where the token is. Saved empty, it is removed.
network-certificates = Certificates
network-certificates-help = A PEM file of certificates to trust besides the system’s own.
network-limit = Speed limit
network-limit-help = What all downloads together may take.
network-limit-none = none
save = Save
settings-folder = Models’ folder
settings-folder-shared = The hub’s own, shared with other programs on this computer.
settings-folder-own = A folder of your choice.
settings-folder-free = { $size } free there
settings-folder-move = Move to another folder
settings-folder-back = Move back
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
key-library = library
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
