# One message for every failure. The value says what happened; `.more` says the cause, what is
# safe, and what to do. No codes, no blame, no exclamation marks.

## Files

file-not-found = There is no file at { $path }.
    .more = Check the name and the folder, or whether its disk is connected.
file-not-readable = { $path } cannot be read.
    .more = The system does not allow it. Change its permissions, or choose another file.
file-not-written = { $path } could not be written.
    .more = The disk or the system refused it. What was saved before is kept.
not-a-file = { $path } is a folder.
    .more = A file is needed here: choose one inside the folder.
not-text = The input is not text.
    .more = It has to be UTF-8; the first byte that is not stands at position { $at }.
not-a-token = “{ $word }” is not the number of a token.
    .more = The input has to be whole numbers with spaces between them.
bad-json = { $path } could not be understood.
    .more = It has to be JSON of the form that the help describes.

## Model files

not-a-model = { $path } is not a model that Parley can read.
    .more = Parley reads GGUF files, and folders with safetensors. Choose a file whose name ends in .gguf, or such a folder.
unsafe-format = { $path } was not opened, because files of this kind can run programs.
    .more = It is a pickle, as .bin, .pt, .pth and .ckpt files are: loading one runs whatever is written in it. Look for the same model as safetensors or as a GGUF file; most are offered so too.
model-truncated = The model file { $path } is not complete.
    .more = It has { $bytes }, but its header promises { $expected_bytes }. Get the file again; the download was probably cut short.
model-damaged = The model file { $path } is damaged.
    .more = Its header contradicts itself at “{ $what }”. Get the file again, or from another source.
model-version = { $path } has a version of GGUF that Parley does not read.
    .more = It is version { $version }; Parley reads versions 2 and 3. Look for a newer file of the same model.
model-big-endian = { $path } was written for another kind of computer.
    .more = Its numbers are in big-endian order, which Parley does not read. Look for the usual file of the same model.
unknown-architecture = Parley cannot run models of the architecture “{ $architecture }” yet.
    .more = Choose another model; Llama, Mistral, Falcon, OLMo, Qwen, Gemma and Phi are among those that run.
unknown-type = Parley cannot compute with the weights of this model.
    .more = The tensor { $tensor } has the type { $kind }; numbers (F32, F16, BF16) or a known quantisation are needed. Look for the same model in another quantisation, such as Q4_K_M or Q8_0.
tensor-missing = The model file is missing a part.
    .more = The tensor { $tensor } is not there. Get the file again, or from another source.
tensor-shape = A part of the model file does not have the size that its header asks for.
    .more = The tensor { $tensor } is { $found }, and { $expected } is needed. Get the file again, or from another source.
tensor-unexpected = The weights of this model and its description do not agree.
    .more = The tensor { $tensor } is there, but a model of the architecture { $architecture } with these sizes has no such tensor. Get all files of the model from one source; if they are right, it is of a kind that Parley cannot run yet.
metadata-missing = The model file does not say something that is needed to run it.
    .more = “{ $name }” is not in its header. Look for another file of the same model.
config-missing = The folder { $path } is not a model that Parley can read.
    .more = It has no config.json. Choose a GGUF file, or a folder with config.json, the weights as safetensors, and the tokenizer.
metadata-damaged = The file { $path } is damaged.
    .more = It does not say what it should say about the model. Get it again from where the model came from.
weights-missing = A file with weights of this model is missing.
    .more = { $file } is not in { $path }. Get the missing file; several may belong together.
draft-differs = { $path } cannot propose words for { $name }.
    .more = Its vocabulary is another, or it cannot take back words that were not used. Choose a smaller model of the same family, or leave the choice out: answers are the same without it, only slower.
quantise-gguf = The weights of { $name } stay as they are.
    .more = It is a GGUF file, and only models in a folder are quantised when they are loaded. Leave the choice out, or get a file in the type that you want.
index-disagrees = The files of this model contradict each other.
    .more = Its list says that the tensor { $tensor } is in { $file }, and it is not. Get { $path } again, with all the files that it names.
part-foreign = { $path } does not belong to the model whose part it is by its name.
    .more = It does not fit { $file }. Get all parts of the same model again, and keep them together in one folder.
part-misnamed = { $path } is one of several parts of a model, and its name does not say which.
    .more = It was named like { $expected }. Give all parts their names back, and keep them together in one folder.
several-models = There are several models in the folder { $path }.
    .more = Choose one of them: { $files }.
foreign-layout = The folder { $path } has the weights only in their maker’s own layout.
    .more = Files named “consolidated” name the weights differently from all others. Get the model’s other files (config.json, model.safetensors or its parts, the tokenizer), or a GGUF file of it.
pointer-only = { $path } is not the file itself, only a pointer to it.
    .more = It was copied without its large files. Fetch them with “git lfs pull” where it came from, or download the file itself.
web-page = { $path } is a web page, not a model.
    .more = The site probably asked to sign in or to accept its terms, and that page was saved instead. Do so in a browser, and download the file again.
tokenizer-too-large = The tokenizer and the weights of this model do not belong together.
    .more = The tokenizer has { $tokens } tokens, the weights know { $rows }. Get both again from where the model came from.
unknown-pretokenizer = Parley does not know how this model splits text.
    .more = Its file names the pre-tokenizer “{ $name }”. Rather than guess and answer badly, Parley does not run it. Choose another model.
unknown-tokenizer = Parley does not know the tokenizer of this model.
    .more = It is of the kind “{ $kind }”. Choose another model.
tokenizer-damaged = The tokenizer in the model file is damaged or missing.
    .more = The trouble is at “{ $what }”. Get the file again, or from another source.
token-out-of-range = The token { $token } does not exist in this model.
    .more = Its vocabulary has { $size } tokens, counted from 0.
template-failed = The model’s chat template could not be applied to this conversation.
    .more = It said: { $reason }. Nothing of the conversation is lost; choose another model to go on.
template-refused = This template cannot be used.
    .more = It said: { $reason }. The model keeps what it had.
template-too-costly = The model’s chat template was ended because it did not come to an end by itself.
    .more = Its file may be damaged or made to do harm. Nothing of the conversation is lost; choose another model to go on.
logits-not-finite = The model computed values that are not numbers.
    .more = Its weights are probably damaged. Get the file again; what was written is kept.

## The library

model-unknown = There is no model “{ $model }” in the library.
    .more = Choose another one, or add its file again.
model-ambiguous = “{ $model }” may be several models of the library.
    .more = Say more of the name, or choose by one of these: { $known }.
model-gone = The file of { $name } is gone.
    .more = It was at { $path }. Put it back, or add it again where it is now; the conversation is kept.
model-changed = The file of { $name } is not the one it was.
    .more = { $path } was changed or replaced. Add it again to use it as it is now; the conversation is kept.
starter-missing = The starter model is not installed.
    .more = Install Parley again, or add a model file of your own.
no-model = There is no model to talk with.
    .more = Add a model file to the library first.
file-damaged = The file of { $name } is damaged.
    .more = { $path } was read again, and is not what it was when it was added. Fetch the model again, or put an undamaged copy in its place and check it again.
model-bundled = { $name } comes with Parley and cannot be deleted.
    .more = It goes when Parley is removed from this computer.
library-busy = The library is being moved or checked already.
    .more = Wait until that has ended, or cancel it, and try again.
update-unknown = { $name } did not come from the hub.
    .more = Only of a model that was fetched there can a newer version be looked for. Open the newer file where it is, or look for the model in the library.
update-none = There is no newer version of { $name }.
    .more = Its files are those that the hub has now.
library-damaged = The list of your models could not be read.
    .more = It is kept as it is at { $path }, and your model files are not touched. Add them to the library again.

## The hub

offline = Parley is offline.
    .more = Nothing goes out while it is. Switch “Offline” off in the settings, or take HF_HUB_OFFLINE out of the environment, and try again.
hub-unreachable = { $host } cannot be reached.
    .more = Look whether this computer is connected, and whether the address and the proxy in the settings are right. What is installed works all the same.
proxy-unreachable = The proxy { $address } cannot be reached.
    .more = Look whether its address in the settings is right, or take it out where this network has none.
proxy-refused = The proxy does not let Parley through.
    .more = It asks for a user name and a password ({ $address }). Give both in the settings and try again.
proxy-invalid = “{ $address }” is not the address of a proxy.
    .more = It looks like http://proxy.example:8080, or begins with https:// or socks5://. Correct it in the settings or in the environment.
endpoint-invalid = “{ $address }” is not the address of a hub.
    .more = It looks like https://huggingface.co, without a name or a question mark in it. Correct it in the settings or in the environment.
certificate-unknown = { $host } cannot show that it is what it says it is.
    .more = No one whom this computer trusts has signed its certificate, or it is not valid today; nothing was sent. Look at the computer’s clock. Where your network checks all traffic, give the file of its certificate in the settings.
certificate-file = The certificates in { $path } cannot be used.
    .more = The file is missing, cannot be read, or has no certificate in PEM form. Choose another one in the settings.
hub-gated = The makers of { $repository } ask who you are first.
    .more = Sign in at { $address } and accept the terms there. Then give Parley a token of the same account in the settings, and try again.
hub-unknown = The hub does not have { $repository }, or not for everyone.
    .more = Look whether the name, the file and the version are right. A private model needs a token that may read it.
token-refused = The hub does not know this token.
    .more = It was perhaps withdrawn or is not complete. Make a new one in the account’s settings at the hub, and give it to Parley.
token-invalid = This cannot be a token.
    .more = A token has no spaces and only plain letters, digits and signs. Copy it once more, whole.
hub-busy = The hub asks to come back later.
    .more = It had too many requests from here. Try again in a few minutes; with a token it allows more.
hub-failed = The hub could not answer.
    .more = It said { $status }. Try again a little later; what is installed works all the same.
hub-answer = The hub’s answer cannot be used.
    .more = The trouble is at “{ $what }”. Try again later, or look at the address of the hub in the settings.
redirect-refused = { $host } sent Parley to where it does not go.
    .more = It led to this computer itself, to a file, or to an address without protection; nothing was sent there. Look at the address of the hub in the settings.

## Downloads

pull-unknown = “{ $name }” is no model of the catalogue, and no repository.
    .more = A repository of the hub has the form owner/name. “parley search { $name }” looks for it in the catalogue and on the hub.
pull-unlike = “{ $name }” is no model of the catalogue, and no repository.
    .more = Named nearly so: { $names }. A repository of the hub has the form owner/name; “parley search { $name }” looks for it in both.
pull-which = { $repository } has several files to choose from.
    .more = Name one behind a colon, as “parley pull { $repository }:NAME”. There are: { $known }.
hub-file-missing = { $repository } does not have what was asked for.
    .more = There is no { $file } in it. Choose another of its files, or another repository of the same model.
name-refused = “{ $name }” was refused as a name.
    .more = Names of repositories have the form owner/name, and files lie inside them. A repository with other names may want to write where it should not; nothing of it was fetched.
disk-short = The disk does not have the room for this download.
    .more = { $missing_bytes } more are needed where { $folder } is. What came is kept; the download goes on by itself when there is room. Delete models or other files, or choose a folder on another disk.
download-mismatch = { $file } did not come as the hub has it.
    .more = What came was thrown away and fetched once more, and is wrong again. Try again later; if a mirror or a proxy is set, try without it.
download-stalled = Nothing comes from the hub any more.
    .more = What came is kept, and it is tried again by itself.
download-changed = The files of { $repository } changed while they were fetched.
    .more = What changed is fetched anew, so that all parts are of one version. If it stops here, try again later.
download-too-large = This file is too large to be fetched.
    .more = The hub says that it has { $bytes }, which no model has. Choose another file.
download-unknown = There is no such download.
    .more = It may have been removed, here or in another window. Look at the list of downloads again.
download-queue-full = There are too many downloads in the list.
    .more = Remove those that are done or have failed, and try again.

## Running

context-overflow = This is too long for the model.
    .more = It takes { $tokens } tokens and the model reads at most { $context }: { $over } too many. Shorten it, or choose a model with a longer context.
memory-short = There is not enough memory for { $name }.
    .more = It needs about { $needed_bytes }, and { $free_bytes } is free. { $smaller ->
        [none] Close other programs, or choose a smaller model.
       *[other] Close other programs, or choose a smaller model: { $smaller } would fit.
    }
memory-compact = There is not enough memory for { $name }.
    .more = It needs about { $needed_bytes }, and { $free_bytes } is free. With the compact memory of the conversation it needs { $compact_bytes } and fits: choose it in the settings under “Models and memory”, or --kv q8_0 on the command line. Closing other programs or a smaller model would help too.
worker-missing = A part of Parley is missing.
    .more = The program that runs models was looked for at { $path }. Install Parley again; your conversations are kept.
worker-not-started = The program that runs models did not start.
    .more = It is { $path }. Try again; if it stays so, install Parley again. Your conversations are kept.
worker-version = Two parts of Parley are of different versions.
    .more = The program that runs models speaks version { $found }, and version { $expected } is needed. Close Parley and install it again; your conversations are kept.
worker-died = { $name } ended in the middle of its work.
    .more = What was written is kept. Ask again, or choose another model.
worker-out-of-memory = { $name } was ended by the system, because memory ran out.
    .more = What was written is kept. Close other programs, or choose a smaller model.
worker-hung = { $name } did not react any more and was ended.
    .more = What was written is kept. Ask again: the model is then loaded anew.
message-too-large = This is too much for one message.
    .more = It has { $bytes }, and at most { $limit_bytes } can be sent. Shorten it, or send it in parts.
cancelled = The answer was stopped.
    .more = What was written is kept.
peer-missing = { $name } is not installed where Parley looks for it.
    .more = It comes as an npm package and needs Node 20 or newer: run “npm install --ignore-scripts node-llama-cpp@3.22.1” in a folder of its own, and name that folder with --peer-dir.
peer-failed = { $name } could not run this model.
    .more = Its own words are in the log. Measure without --against.

## History

run-ended = Parley was closed before the answer was complete.
    .more = What was written is kept. Ask again for a whole answer.
conversation-unknown = This conversation is not there any more.
    .more = It was probably deleted in another window.
message-unknown = This message is not there any more.
    .more = Its conversation was probably changed in another window. Open it again.
message-empty = There is nothing to send.
    .more = Write something first.
already-answering = An answer is still being written in this conversation.
    .more = Wait until it is complete, or stop it.
cannot-continue = This answer cannot go on.
    .more = Only the last answer of a conversation can, where it was stopped, interrupted or cut short. Ask for another answer instead.
history-damaged = The history of your conversations is damaged.
    .more = It is kept untouched at { $path }. Copies made before updates are in the same folder, with “backup” in their names: close Parley, move the damaged file away, and give the newest copy its name. Without a copy Parley begins a new history.
history-read-only = The history of your conversations cannot be written.
    .more = The system does not allow changes to { $path }. Change the permissions of the file and its folder; nothing is lost.
history-newer = The history of your conversations was written by a newer Parley.
    .more = { $path } has form { $found }, and this Parley knows forms up to { $known }. Install the newest Parley; nothing is lost.
history-busy = The history of your conversations is held by another Parley.
    .more = { $path } could not be written in time. Close the other one or wait a little, then try again.
move-short = There is not enough room on the disk: { $missing_bytes } are missing.
    .more = { $path } needs { $needed_bytes }, and { $free_bytes } are free. Make room, or choose another disk.
disk-full = The disk is full.
    .more = { $path } cannot grow. Make room and try again; everything saved before is kept.

## The rest

bad-command = Parley did not understand a request of its window.
    .more = The request was “{ $name }”. Start Parley again; your conversations are kept.
no-display = Parley’s window needs a display, and there is none here.
    .more = Start it in a graphical session, or talk in the terminal with the command “parley chat”: it has the same models and the same conversations.
page-dies = The part of Parley that draws its window has ended { $times } times within a minute.
    .more = Usually the graphics driver is the cause; Parley can start again with simple drawing, as with PARLEY_DMABUF=off. No conversation is lost, and the command “parley chat” talks in the terminal meanwhile.
already-open = Parley is open already, but its window does not answer.
    .more = Wait a moment and try again. If it stays so, end the program parley-desktop; what was shown is saved.
internal = Something did not go as planned inside Parley.
    .more = Your conversations are kept. Try again; if it happens again, a report with the details helps to mend it.
