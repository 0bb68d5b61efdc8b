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
option-chat-temporary = Keep nothing: the conversation is in memory only and gone at the end
option-chat-json = With --once: one JSON object with the answer and how it was made; after a failure it has “error”
about-list = Show the models of the library
option-list-json = As one JSON list
about-import = Add a model file to the library, where it lies
option-import-path = The model file
option-import-json = As one JSON object
about-inspect = Show what a model file holds, without loading it
option-inspect-file = The model file
option-inspect-json = As one JSON object
about-tokenize = Turn the text on standard input into tokens
option-tokenize-file = The model file
option-tokenize-special = Add and recognise control tokens; with --decode, write them out
option-tokenize-decode = The way back: numbers on standard input become text
about-render = Show the exact prompt that a model would read
option-render-file = The model file
option-render-messages = A JSON list of messages such as { "{\"role\": \"user\", \"content\": \"…\"}" }; “-” is standard input
option-render-no_generation_prompt = Without the opening of the model’s answer
about-logits = Show the likeliest next tokens at each position, one JSON object a line
option-logits-file = The model file
option-logits-ids = A JSON list of tokens; “-” is standard input
option-logits-top = How many for each position; otherwise 10
about-bench = Measure how fast a model file runs here
option-bench-file = The model file
option-bench-prefill = Tokens to read; otherwise 512
option-bench-decode = Tokens to write; otherwise 128
option-bench-runs = How often; otherwise 3
option-bench-threads = Threads that compute; otherwise one for each core
option-bench-json = One JSON object a run

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
list-empty = The library is empty. Add a model file with “parley import FILE”.

## What a file holds
inspect-line = { $what }: { $value }
inspect-unsaid = not said
inspect-yes = yes
inspect-no = no
inspect-name = Name
inspect-format = Format
inspect-architecture = Architecture
inspect-parameters = Parameters
inspect-quantisation = Quantisation
inspect-context = Longest context in tokens
inspect-layers = Layers
inspect-hidden = Width
inspect-heads = Heads of attention
inspect-heads-value = { $heads }, for keys and values { $kv }, each { $width } wide
inspect-experts = Experts
inspect-vocabulary = Vocabulary
inspect-tokenizer = Tokenizer
inspect-pre-tokenizer = Pre-tokenizer
inspect-template = Chat template
inspect-types = Types of tensors
inspect-tensors = Tensors
inspect-disk = Size on disk
inspect-memory = Memory when loaded, about
inspect-licence = Licence

## Measuring
bench-line = loaded in { $load } ms · reads { $prefill } tokens/s · writes { $decode } tokens/s · { $memory } of memory at most

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
