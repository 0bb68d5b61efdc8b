# What the command line says. Names of options and commands are not translated.

## Help: the frame
help-usage = Usage:
help-commands = Commands
help-command = COMMAND
help-arguments = Arguments
help-options = Options
help-endings = It ends with 0 if all went well, 1 after a failure, 2 if the command line was not understood, and 130 after Ctrl-C.
    Data is kept in the system’s own folders, or wholly under PARLEY_HOME where that is set.
help-desktop = Parley’s window.

    Usage: parley-desktop [FILE…]

    A FILE is a model (GGUF); it is added to the library and chosen. Where Parley is open already, that window takes it.

      -h --help       Show this help
      -V --version    Show the version

    The command “parley” does the same in the terminal.
option-help = Show this help
option-version = Show the version
option-language = The language of messages: en, zh-Hans or zh-Hant; otherwise that of the settings or the system

## Help: the commands
about-parley = Conversations with open language models, on this computer
about-chat = Talk with a model
option-chat-once = Answer this text and end, with the answer alone on standard output; “-” reads the text from standard input
option-chat-model = The model: its id or the beginning of it, its name, or the path of a file
option-chat-system = Standing instructions for the model
option-chat-seed = The same seed gives the same answer; a whole number
option-chat-temperature = How freely words are chosen: 0 always takes the likeliest, 0.7 is usual
option-chat-max_tokens = The longest answer, in tokens
option-chat-quantise = Make the weights of a model folder smaller when loading, and keep them so: q8_0, q6_k or q4_k; otherwise only where memory is short
option-chat-kv = Keep what was read (keys and values) in f16, or in q8_0, which takes half the memory; otherwise as Settings say
option-chat-draft = What proposes words that the model then checks, for the same answers sooner: a smaller model of the same vocabulary (its FILE or its name in the library), auto, or none; otherwise as Settings say
option-chat-no_speculation = Make answers one token at a time: the same answers, for measuring
option-chat-temporary = Keep nothing: the conversation is in memory only and gone at the end
option-chat-reasoning = Show what the model thinks before it answers, on standard error; in a terminal it is shown anyway
option-chat-json = With --once: one JSON object with the answer and how it was made; after a failure it has “error”
about-list = Show the models of the library
option-list-json = As one JSON list
option-list-elsewhere = What Ollama, LM Studio, Jan, GPT4All and the hub’s cache have on this disk and the library does not; “parley import --found” adds it, where it lies
option-list-downloads = What is being fetched, or waits for it, instead of the models
about-search = Search the catalogue that comes with Parley, then the hub
option-search-words = Words, a maker or a repository
option-search-speaks = Only models that speak this language: en, zh, …
option-search-licence = Only under this licence, as the hub names it: apache-2.0, mit, …
option-search-format = Only files of this format: gguf or safetensors
option-search-fits = Only what fits this computer; of what the hub has, as far as it says how large a model is
option-search-json = One JSON object
about-pull = Fetch a model of the hub; what broke off goes on
option-pull-model = The name of a model of the catalogue, of which the largest file that fits this machine well is taken; owner/name for a folder of safetensors, or the only GGUF file; owner/name:FILE.gguf or owner/name:Q4_K_M for a GGUF file; @REVISION at the end for another than the newest
option-pull-json = One JSON object for each step, the last of which says “done”
about-rm = Delete a model: says what goes, and asks
option-rm-model = The model: its id or the beginning of it, its name, or its path
option-rm-keep_files = Only take it out of the library; its files stay
option-rm-yes = Do not ask
option-rm-json = One JSON object: what was deleted
about-verify = Read every byte of models again, and hold it against what they were
option-verify-models = The models; none: all
option-verify-json = JSON lines: how far it is, and with “done” one object for each model
about-update = Look for a newer version of a model of the hub, and fetch it; the old one stays until the new one is whole
option-update-model = The model: its id or the beginning of it, its name, or its path
option-update-look = Only look, and say how much there would be to fetch
option-update-json = With --look, or where there is none newer, one JSON object; otherwise as “parley pull --json”
about-mv = Move what Parley has fetched to another folder, where later models are put too
option-mv-folder = The folder
option-mv-json = JSON lines: how far it is, and where the library is at the end
about-import = Add models, files or folders, to the library, where they lie
option-import-path = The model: a GGUF file, or a folder with safetensors
option-import-found = Instead of a path: what “parley list --elsewhere” finds, those of these numbers or names, or all of it
option-import-json = One JSON object for each model
about-inspect = Show what a model’s files hold, without loading them
option-inspect-file = The model: a GGUF file, or a folder with safetensors
option-inspect-json = As one JSON object
about-tokenize = Turn the text on standard input into tokens
option-tokenize-file = The model: a GGUF file, or a folder with safetensors
option-tokenize-special = Add and recognise control tokens; with --decode, write them out
option-tokenize-decode = The way back: numbers on standard input become text
about-render = Show the exact prompt that a model would read
option-render-file = The model: a GGUF file, or a folder with safetensors
option-render-messages = A JSON list of messages such as { "{\"role\": \"user\", \"content\": \"…\"}" }, or an object with “messages” and whatever else the template reads; “-” is standard input
option-render-tools = A JSON list of the tools that the model may call, as function schemas
option-render-thinking = Whether the model is to think before it answers, where its template asks
option-render-no_generation_prompt = Without the opening of the model’s answer
about-template = Show or choose how a model’s conversations are written down for it
option-template-model = The model: a name, an id or its beginning, or a path
option-template-set = Use the Jinja template in this file instead of the model’s own
option-template-form = Use the prompt form of this name
option-template-clear = Go back to the model’s own template
option-template-show = Print the template in use
about-logits = Show the likeliest next tokens at each position, one JSON object a line
option-logits-file = The model: a GGUF file, or a folder with safetensors
option-logits-ids = A JSON list of tokens; “-” is standard input
option-logits-top = How many for each position; otherwise 10
option-logits-quantise = Make the weights of a model folder smaller when loading, and keep them so: q8_0, q6_k or q4_k; otherwise only where memory is short
option-logits-kv = Keep what was read (keys and values) in f16, or in q8_0, which takes half the memory; otherwise in f16
about-doctor = Check that everything Parley needs is there
option-doctor-json = As one JSON list
option-doctor-report = Write the text for a report of a trouble: versions, the machine, the last lines of the log; nothing that was said
about-bench = Measure how fast a model runs here
option-bench-file = The model: a GGUF file, or a folder with safetensors
option-bench-prefill = Tokens to read, from an empty context: one number or several (512,4096); otherwise 512
option-bench-decode = Tokens to write: one number or several; otherwise 128
option-bench-depth = After how many tokens they are written: one number or several; otherwise after those of the first --prefill
option-bench-runs = How often; otherwise 3
option-bench-threads = Threads that compute; otherwise one for each core
option-bench-quantise = Make the weights of a model folder smaller when loading, and keep them so: q8_0, q6_k or q4_k; otherwise only where memory is short
option-bench-kv = Keep what was read (keys and values) in f16, or in q8_0, which takes half the memory; otherwise in f16
option-bench-against = Run another program in turn with Parley, on the same file with the same sizes and threads: llama.cpp, as the npm package node-llama-cpp
option-bench-peer_dir = The folder in which that package was installed; otherwise the one that PARLEY_PEER names, the current folder, or node’s own
option-bench-peer_file = The file that the other program reads, where it is to be another: the same model in GGUF beside a folder
option-bench-no_amx = Without the matrix instructions AMX, for both
option-bench-json = One JSON object

## What was not understood
usage-command = There is no command “{ $about }”.
usage-no-command = A command is missing.
usage-unknown = “{ $about }” is not understood here.
usage-missing = Something is missing: { $about }
usage-value = “{ $value }” does not fit { $about }.
usage-no-value = { $about } needs a value.
usage-twice = { $about } does not go with what else is there.
usage-not-text = The command line has to be UTF-8 text.
usage-hint = “parley --help” and “parley COMMAND --help” show what there is.

## Models
model-facts = { $parameters } parameters · { $quantisation } · { $context } tokens of context · { $disk } on disk · about { $memory } of memory
elsewhere-none = No other program has a model here that the library does not have.
search-none = The hub has nothing of that.
search-catalogue = Of the catalogue:
search-hub = On the hub:
rm-look = { $name } will be deleted; { $freed } come free.
rm-breaks = { $n ->
        [one] { $n } conversation will need another model for its next answer. What was said stays.
       *[other] { $n } conversations will need another model for their next answer. What was said stays.
    }
rm-in-use = A process has it in memory; the room comes free when that lets go of it.
rm-ask = Delete it? (y/n)
rm-needs-yes = Nothing was deleted. Say --yes where nobody can be asked.
rm-done = { $name } is deleted; { $freed } are free again.
verify-well = { $name }: every byte is as it was.
update-newest = { $name } is the newest version there is.
update-there = There is a newer version of { $name }: { $size } to fetch. “parley update” fetches it.
downloads-none = Nothing is being fetched, and nothing waits for it.
download-waiting = waiting for its turn, until Parley’s window or “parley pull” fetches it
download-asking = the hub is asked what there is
download-running = on its way
download-paused = paused
download-checking = all bytes are here; the last are checked
download-elsewhere = another program fetches it now
download-done = done
download-updates = takes the place of { $name } when it is whole
mv-done = The library is at { $path } now.
work-progress = { $done } of { $total }
list-used = Used in { $n } { $n ->
        [one] conversation
       *[other] conversations
    }
list-last-used = last used { $n ->
        [0] today
        [one] { $n } day ago
       *[other] { $n } days ago
    }
list-keeper-parley = Parley’s own
list-keeper-hub = the hub’s folder, shared with other programs
list-keeper-person = used in place
list-empty = The library is empty. Add a model with “parley import PATH”.

## What a file holds
inspect-line = { $what }: { $value }
inspect-unsaid = not said
inspect-name = Name
inspect-format = Format
inspect-architecture = Architecture
inspect-parameters = Parameters
inspect-quantisation = Quantisation
inspect-context = Longest context in tokens
inspect-window = Attention reaches
inspect-window-some = { $tokens } tokens back where a layer has a window, { $from }
inspect-window-all = over the whole context, { $from }
inspect-window-file = as its files say
inspect-window-catalogue = as Parley’s catalogue knows of this model; its file says nothing of it
inspect-window-nobody = since its file says nothing of a window
inspect-layers = Layers
inspect-hidden = Width
inspect-heads = Heads of attention
inspect-heads-value = { $heads }, for keys and values { $kv }, each { $width } wide
inspect-experts = Experts
inspect-vocabulary = Vocabulary
inspect-tokenizer = Tokenizer
inspect-pre-tokenizer = Pre-tokenizer
prompt-own = its own
prompt-form = none of its own; the prompt form “{ $form }” of its family ({ $source })
prompt-text = none, and no prompt form is known: a base model, which reads text as it is written
prompt-chosen-form = the prompt form “{ $form }”, which you chose
prompt-chosen = one that you chose
prompt-line = { $name }: { $said }
inspect-template = Chat template
inspect-types = Types of tensors
inspect-tensors = Tensors
inspect-files = Files with tensors
inspect-disk = Size on disk
inspect-memory = Memory when loaded, about
inspect-licence = Licence

## Measuring
bench-model = { $name }, { $size }. Threads: { $threads }; runs: { $runs }. Executor { $executor }, kernels { $kernels }, { $device }.
bench-machine = This machine, with these threads: reads { $read } GB/s; { $integer } billion multiply-adds of bytes and { $float } billion of 32-bit fractions a second.
bench-against = Held against { $name } (node-llama-cpp { $version }), run in turn.
bench-median = median
bench-range = range
bench-share = of the limit
bench-ratio = ours/theirs
bench-load = Load
bench-first = From nothing to the first token after { $tokens }
bench-prefill = Read { $tokens } { $tokens ->
        [one] token
       *[other] tokens
    }
bench-decode = Write { $tokens } { $tokens ->
        [one] token
       *[other] tokens
    } after { $depth }
bench-ms = { $value } ms
bench-speed = { $value } tokens/s
bench-from-to = { $least } to { $most }
bench-of-memory = { $percent }% of memory
bench-of-integer = { $percent }% of integers
bench-of-float = { $percent }% of fractions
bench-memory = Memory: { $resident } held after the first token, { $peak } at most. The file has { $file }, keys and values of the longest run take { $kept }.
bench-peer-memory = { $name } held { $peak } at most.
bench-why-load = Loading takes as long as it takes to read the file’s header and to see each page of its weights once.
bench-why-prefill-memory = Reading is limited by memory where a prompt is short: the weights, { $bytes }, are read once for all of it.
bench-why-prefill-integer = Reading is limited by arithmetic on bytes: { $work } billion multiply-adds a token. Activations are kept to twice 8 bits so that answers stay exact, and half of this limit is then the most.
bench-why-prefill-float = Reading is limited by arithmetic on fractions where attention, which grows with the prompt, or weights in f16, bf16 or f32 are most of the work.
bench-why-decode-memory = Writing is limited by memory: for each token all weights, { $bytes }, are read, and the keys and values so far.
bench-why-decode-arithmetic = Writing is limited by arithmetic: { $work } billion multiply-adds a token.
bench-run = Run { $run } of { $runs }: { $what }
bench-peer = running { $name }
bench-loading = loading, { $percent }%
bench-computing = { $done } of { $total } tokens

## Talking
chat-model = Answers come from { $model }
chat-hint = Type and press Enter. Ctrl-C stops an answer, Ctrl-D ends, /help shows more.
chat-help = /model         show the models; /model NAME or PATH changes to another one
    /new           begin a new conversation
    /stop          how to stop an answer
    /continue      go on with an answer that was stopped
    /quit          end
chat-kept = Everything is kept and is in the window’s list of conversations too.
chat-temporary = Temporary: nothing of this is kept. It is gone when you end.
chat-new = A new conversation.
chat-stopped = The answer was stopped. /continue goes on with it.
chat-how-to-stop = Ctrl-C stops an answer while it is being written.
chat-how-to-quit = Ctrl-D or /quit ends.
chat-unknown-command = There is no “{ $command }”. /help shows what there is.
chat-loading = Loading the model: { $percent }%
chat-reading = Reading: { $read } of { $total } tokens

## Whether everything is there
doctor-ok = ok
doctor-attention = attention
doctor-trouble = trouble
doctor-line = { $name }: { $state }. { $sentence }
doctor-name-folder = Data folder
doctor-name-disk = Disk
doctor-name-logs = Log
doctor-name-kept = Quick return
doctor-name-history = History
doctor-name-library = Library
doctor-name-model = Model
doctor-name-memory = Memory
doctor-name-worker = Worker
doctor-name-processor = Processor
doctor-name-answer = Answer
doctor-name-display = Display
doctor-name-web-view = Web view
doctor-name-fonts = Fonts
doctor-folder-ok = { $path } can be written.
doctor-folder-read-only = Nothing can be written to { $path }. Change its permissions, or set PARLEY_HOME to another folder.
doctor-disk-ok = { $free_bytes } is free.
doctor-disk-little = Only { $free_bytes } is free. That is enough for conversations, not for another model.
doctor-disk-full = Only { $free_bytes } is free. Make room: conversations can hardly be kept any more.
doctor-disk-unknown = The system does not say how much is free.
doctor-logs-ok = The log is in { $path }.
doctor-logs-read-only = The log cannot be written to { $path }. Parley works without one, but a trouble is then harder to explain.
doctor-kept-ok = { $used_bytes } of what models have read is kept on the disk, of { $most_bytes } at most.
doctor-kept-off = Nothing of what models have read is kept on the disk, as it was set.
doctor-kept-no-room = Nothing of what models have read is kept: the disk has too little room. Conversations are read again after a restart.
doctor-history-ok = It is whole: { $conversations ->
        [one] { $conversations } conversation
       *[other] { $conversations } conversations
    }, { $messages ->
        [one] { $messages } message
       *[other] { $messages } messages
    }, { $size_bytes }.
doctor-history-none = There are no conversations yet.
doctor-library-ok = It can be read. Number of models: { $models }.
doctor-model-ok = The file of { $name } is there and unchanged, { $size_bytes }.
doctor-memory-ok = { $free_bytes } is free for models; the smallest, { $name }, needs { $needed_bytes }.
doctor-memory-free = { $free_bytes } is free for models.
doctor-worker-ok = The program that runs models starts, and is of version { $version }.
doctor-processor-ok = Cores: { $cores }; { $device }, computing with { $kernels }.
doctor-processor-slow = Cores: { $cores }; { $device }, without AVX2: answers come slowly. Choose small models.
doctor-answer-ok = { $name } answered after { $seconds } s.
doctor-display-ok = There is one for the window.
doctor-display-none = There is none here, so the window cannot open. Start Parley in a graphical session, or talk in the terminal with “parley chat”.
doctor-web-view-ok = WebKitGTK is there.
doctor-web-view-missing = WebKitGTK 4.1 was not found, and the window needs it. Install it: on Debian and Ubuntu the package libwebkit2gtk-4.1-0, on Fedora webkit2gtk4.1, on Arch webkit2gtk-4.1.
doctor-fonts-ok = There is one for Chinese.
doctor-fonts-missing = There is none for Chinese: its characters are shown as boxes. Install one, such as the package fonts-noto-cjk.
doctor-fonts-unknown = Whether there is one for Chinese could not be found out, because fc-list is missing. It comes with the package fontconfig.
