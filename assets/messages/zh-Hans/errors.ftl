# 每种故障一条消息。值说明发生了什么；`.more` 说明原因、哪些内容是安全的，以及可以怎么做。

## 文件

file-not-found = 找不到文件 { $path }。
    .more = 请检查文件名和文件夹，或确认所在的磁盘已连接。
file-not-readable = 无法读取 { $path }。
    .more = 系统不允许读取。请更改其权限，或选择其他文件。
file-not-written = 无法写入 { $path }。
    .more = 磁盘或系统拒绝了写入。之前保存的内容都在。
not-a-file = { $path } 是一个文件夹。
    .more = 这里需要的是文件，请选择文件夹中的某个文件。
not-text = 输入的内容不是文本。
    .more = 输入必须是 UTF-8 编码；第一个不符合的字节在位置 { $at }。
not-a-token = “{ $word }”不是词元的编号。
    .more = 输入必须是以空格分隔的整数。
bad-json = 无法理解 { $path } 的内容。
    .more = 它必须是 JSON，格式见帮助说明。

## 模型文件

not-a-model = { $path } 不是 Parley 能读取的模型。
    .more = Parley 读取 GGUF 文件，以及含有 safetensors 的文件夹。请选择以 .gguf 结尾的文件，或这样的文件夹。
unsafe-format = 没有打开 { $path }，因为这类文件可能会运行程序。
    .more = 它是 pickle 格式（.bin、.pt、.pth、.ckpt 都是），载入时会执行文件里写的任何代码。请寻找同一模型的 safetensors 或 GGUF 文件，大多数模型都有提供。
model-truncated = 模型文件 { $path } 不完整。
    .more = 文件大小为 { $bytes }，而文件头标明应为 { $expected_bytes }。下载可能中断过，请重新获取该文件。
model-damaged = 模型文件 { $path } 已损坏。
    .more = 文件头在“{ $what }”处自相矛盾。请重新获取该文件，或换一个来源。
model-version = Parley 无法读取 { $path } 的 GGUF 版本。
    .more = 它是版本 { $version }，而 Parley 读取版本 2 和 3。请寻找同一模型较新的文件。
model-big-endian = { $path } 是为另一类计算机制作的。
    .more = 其中的数值采用大端序，Parley 无法读取。请寻找同一模型的普通文件。
unknown-architecture = Parley 还不能运行“{ $architecture }”架构的模型。
    .more = 请选择其他模型；可以运行的包括 Llama、Mistral、Falcon、OLMo、Qwen、Gemma 和 Phi。
unknown-type = Parley 无法用这个模型的权重进行计算。
    .more = 张量 { $tensor } 的类型是 { $kind }，而需要的是数字（F32、F16、BF16）或已知的量化类型。请寻找同一模型的其他量化版本，例如 Q4_K_M 或 Q8_0。
tensor-missing = 模型文件缺少一部分内容。
    .more = 找不到张量 { $tensor }。请重新获取该文件，或换一个来源。
tensor-shape = 模型文件中有一部分的大小与文件头不符。
    .more = 张量 { $tensor } 是 { $found }，而需要的是 { $expected }。请重新获取该文件，或换一个来源。
tensor-unexpected = 这个模型的权重与它的描述不一致。
    .more = 文件中有张量 { $tensor }，但这种尺寸的 { $architecture } 架构模型没有这个张量。请从同一来源获取模型的全部文件；如果文件无误，那么 Parley 还不能运行这种模型。
metadata-missing = 模型文件缺少运行所需的信息。
    .more = 文件头中没有“{ $name }”。请寻找同一模型的其他文件。
config-missing = 文件夹 { $path } 不是 Parley 能读取的模型。
    .more = 其中没有 config.json。请选择 GGUF 文件，或者包含 config.json、safetensors 权重和分词器的文件夹。
metadata-damaged = 文件 { $path } 已损坏。
    .more = 它没有给出关于模型的必要信息。请从模型的来源重新获取该文件。
weights-missing = 缺少这个模型的一个权重文件。
    .more = { $path } 中没有 { $file }。请获取缺少的文件；一个模型可能由多个文件组成。
draft-differs = { $path } 不能为 { $name } 预测词语。
    .more = 两者的词表不同，或者它无法撤回未采用的词语。请选择同一系列的较小模型，或者去掉这个选项：没有它，回答也完全一样，只是慢一些。
quantise-gguf = { $name } 的权重不会改变。
    .more = 这是 GGUF 文件，只有文件夹形式的模型才能在加载时量化。请去掉这个选项，或者获取您需要的类型的文件。
index-disagrees = 这个模型的文件互相矛盾。
    .more = 清单中说张量 { $tensor } 在 { $file } 里，实际却没有。请重新获取 { $path } 以及其中列出的所有文件。
part-foreign = 按名称，{ $path } 是某个模型的一部分，但它并不属于那个模型。
    .more = 它与 { $file } 对不上。请重新获取同一模型的所有部分，并放在同一个文件夹里。
part-misnamed = { $path } 是模型的若干部分之一，但名称没有说明是哪一部分。
    .more = 它原来的名称形如 { $expected }。请恢复所有部分的名称，并放在同一个文件夹里。
several-models = 文件夹 { $path } 里有多个模型。
    .more = 请选择其中一个：{ $files }。
foreign-layout = 文件夹 { $path } 里的权重只有制作者自己的布局。
    .more = 名为“consolidated”的文件中，权重的命名与其他文件不同。请获取该模型的其他文件（config.json、model.safetensors 或其各个部分，以及分词器），或它的 GGUF 文件。
pointer-only = { $path } 不是文件本身，只是指向它的指针。
    .more = 复制时没有包含大文件。请在它的来源处运行“git lfs pull”，或直接下载该文件。
web-page = { $path } 是一个网页，不是模型。
    .more = 网站可能要求登录或接受条款，保存下来的是那个页面。请在浏览器中完成后，再重新下载该文件。
tokenizer-too-large = 这个模型的分词器与权重不匹配。
    .more = 分词器有 { $tokens } 个词元，权重只认识 { $rows } 个。请从模型的来源重新获取两者。
unknown-pretokenizer = Parley 不知道这个模型如何切分文本。
    .more = 文件指定的预分词器是“{ $name }”。为避免猜错而答非所问，Parley 不会运行它。请选择其他模型。
unknown-tokenizer = Parley 不认识这个模型的分词器。
    .more = 它的种类是“{ $kind }”。请选择其他模型。
tokenizer-damaged = 模型文件中的分词器已损坏或缺失。
    .more = 问题出在“{ $what }”。请重新获取该文件，或换一个来源。
token-out-of-range = 这个模型中没有编号为 { $token } 的词元。
    .more = 它的词表有 { $size } 个词元，从 0 开始编号。
template-failed = 无法将模型的对话模板用于这段对话。
    .more = 模板给出的原因：{ $reason }。对话内容没有丢失；请选择其他模型继续。
template-refused = 无法使用这个模板。
    .more = 模板给出的原因：{ $reason }。模型原有的设置保持不变。
template-too-costly = 模型的对话模板迟迟不结束，已被终止。
    .more = 文件可能已损坏，或是恶意制作的。对话内容没有丢失；请选择其他模型继续。
logits-not-finite = 模型算出了不是数字的值。
    .more = 它的权重可能已损坏，请重新获取该文件。写出的内容都已保留。

## 模型库

model-unknown = 模型库中没有“{ $model }”。
    .more = 请选择其他模型，或重新添加它的文件。
model-ambiguous = “{ $model }”可能是模型库中的好几个模型。
    .more = 请写出更完整的名称，或用以下之一来选择：{ $known }。
model-gone = { $name } 的文件不见了。
    .more = 它原来在 { $path }。请放回原处，或从现在的位置重新添加；对话都在。
model-changed = { $name } 的文件已不是原来的那个。
    .more = { $path } 已被更改或替换。要使用现在的文件，请重新添加；对话都在。
starter-missing = 未安装入门模型。
    .more = 请重新安装 Parley，或添加您自己的模型文件。
no-model = 没有可以对话的模型。
    .more = 请先向模型库添加一个模型文件。
file-damaged = { $name } 的文件已损坏。
    .more = 重新读取 { $path } 后发现，它与添加时不一致。请重新下载该模型；或者换上完好的文件，再检查一次。
model-bundled = { $name } 随 Parley 一同安装，无法删除。
    .more = 卸载 Parley 时会一并删除。
library-busy = 模型库正在移动或检查。
    .more = 请等它完成，或先取消，然后重试。
update-unknown = { $name } 不是从模型中心获取的。
    .more = 只有从那里获取的模型才能查找新版本。请直接打开新的文件，或在模型库中查找这个模型。
update-none = { $name } 没有更新的版本。
    .more = 这里的文件就是模型中心现有的文件。
library-damaged = 无法读取您的模型列表。
    .more = 列表原样保存在 { $path }，模型文件未受影响。请将它们重新添加到模型库。

## 模型中心

offline = Parley 处于离线状态。
    .more = 离线时不会发出任何请求。请在设置中关闭“离线”，或从环境变量中去掉 HF_HUB_OFFLINE，然后重试。
hub-unreachable = 无法连接到 { $host }。
    .more = 请检查这台电脑是否联网，以及设置中的地址和代理是否正确。已安装的模型照常可用。
proxy-unreachable = 无法连接到代理 { $address }。
    .more = 请检查设置中的代理地址是否正确；如果这个网络没有代理，请将它去掉。
proxy-refused = 代理没有让 Parley 通过。
    .more = 它要求用户名和密码（{ $address }）。请在设置中填写这两项，然后重试。
proxy-invalid = “{ $address }”不是代理的地址。
    .more = 代理地址形如 http://proxy.example:8080，也可以用 https:// 或 socks5:// 开头。请在设置或环境变量中更正。
endpoint-invalid = “{ $address }”不是模型中心的地址。
    .more = 地址形如 https://huggingface.co，其中不含用户名和问号。请在设置或环境变量中更正。
certificate-unknown = { $host } 无法证明自己的身份。
    .more = 它的证书不是由这台电脑信任的机构签发的，或者今天无效；没有发送任何内容。请检查电脑的时钟。如果您的网络会检查所有流量，请在设置中指定它的证书文件。
certificate-file = 无法使用 { $path } 中的证书。
    .more = 文件不存在、无法读取，或者其中没有 PEM 格式的证书。请在设置中另选一个文件。
hub-gated = { $repository } 的作者要求先知道您是谁。
    .more = 请在 { $address } 登录并接受其中的条款，再在设置中把同一账号的令牌交给 Parley，然后重试。
hub-unknown = 模型中心没有 { $repository }，或者它没有公开。
    .more = 请检查名称、文件和版本是否正确。私有模型需要有读取权限的令牌。
token-refused = 模型中心不认识这个令牌。
    .more = 它可能已被撤销，或者不完整。请在模型中心的账号设置中新建一个令牌，再交给 Parley。
token-invalid = 这不可能是令牌。
    .more = 令牌不含空格，只有普通的字母、数字和符号。请重新完整地复制一次。
hub-busy = 模型中心请您稍后再来。
    .more = 从这里发出的请求太多了。请过几分钟再试；使用令牌可以发出更多请求。
hub-failed = 模型中心无法答复。
    .more = 它返回了 { $status }。请稍后重试；已安装的模型照常可用。
hub-answer = 模型中心的答复无法使用。
    .more = 问题出在“{ $what }”。请稍后重试，或检查设置中模型中心的地址。
redirect-refused = { $host } 把 Parley 引向了不该去的地方。
    .more = 它指向了这台电脑自身、某个文件或没有保护的地址；没有向那里发送任何内容。请检查设置中模型中心的地址。

## 下载

pull-unknown = “{ $name }” 不是目录中的模型，也不是仓库。
    .more = 模型中心的仓库写作 owner/name。用 “parley search { $name }” 可在目录和模型中心里查找。
pull-unlike = “{ $name }” 不是目录中的模型，也不是仓库。
    .more = 名称相近的有：{ $names }。模型中心的仓库写作 owner/name；用 “parley search { $name }” 可在两处查找。
pull-which = { $repository } 有多个文件可选。
    .more = 请在冒号后写出其中一个，如“parley pull { $repository }:名称”。可选的有：{ $known }。
hub-file-missing = { $repository } 里没有所需的文件。
    .more = 其中没有 { $file }。请选择其中的其他文件，或同一模型的其他仓库。
name-refused = 名称“{ $name }”被拒绝。
    .more = 仓库名称的形式是 所有者/名称，文件都在仓库之内。名称不是这样的仓库，可能想写到不该写的地方；没有下载其中任何内容。
disk-short = 磁盘空间不够这次下载。
    .more = { $folder } 所在的磁盘还差 { $missing_bytes }。已下载的部分会保留，有空间后会自动继续。请删除一些模型或其他文件，或选择另一个磁盘上的文件夹。
download-mismatch = 收到的 { $file } 与模型中心上的不一致。
    .more = 收到的内容已丢弃并重新下载过一次，结果仍然不对。请稍后重试；如果设置了镜像或代理，请不用它们再试。
download-stalled = 模型中心不再传来数据。
    .more = 已下载的部分会保留，并会自动重试。
download-changed = 下载期间，{ $repository } 的文件有变动。
    .more = 变动的文件会重新下载，使各部分属于同一版本。如果停在这里，请稍后重试。
download-too-large = 这个文件太大，无法下载。
    .more = 模型中心说它有 { $bytes }，没有模型有这么大。请选择其他文件。
download-unknown = 没有这项下载。
    .more = 它可能已在这里或另一个窗口中被移除。请重新查看下载列表。
download-queue-full = 下载列表中的项目太多。
    .more = 请移除已完成或失败的项目，然后重试。

## 运行

context-overflow = 内容太长，模型读不下。
    .more = 它有 { $tokens } 个词元，而模型最多读取 { $context } 个，超出 { $over } 个。请缩短内容，或选择上下文更长的模型。
memory-short = 内存不足以运行 { $name }。
    .more = 大约需要 { $needed_bytes }，目前可用 { $free_bytes }。{ $smaller ->
        [none] 请关闭其他程序，或选择更小的模型。
       *[other] 请关闭其他程序，或选择更小的模型，例如放得下的 { $smaller }。
    }
memory-compact = 内存不足以运行 { $name }。
    .more = 大约需要 { $needed_bytes }，目前可用 { $free_bytes }。把“对话占用的内存”改为“紧凑”后只需 { $compact_bytes }，放得下：请在设置的“模型与内存”中选择，或在命令行使用 --kv q8_0。关闭其他程序或选择更小的模型也有帮助。
worker-missing = Parley 缺少一个组成部分。
    .more = 在 { $path } 没有找到运行模型的程序。请重新安装 Parley；您的对话都在。
worker-not-started = 运行模型的程序未能启动。
    .more = 该程序是 { $path }。请重试；如果仍然如此，请重新安装 Parley。您的对话都在。
worker-version = Parley 的两个组成部分版本不一致。
    .more = 运行模型的程序使用版本 { $found }，而需要的是版本 { $expected }。请关闭 Parley 并重新安装；您的对话都在。
worker-died = { $name } 在运行途中意外结束。
    .more = 写出的内容都已保留。请重新提问，或选择其他模型。
worker-out-of-memory = 内存耗尽，系统结束了 { $name }。
    .more = 写出的内容都已保留。请关闭其他程序，或选择更小的模型。
worker-hung = { $name } 不再响应，已被结束。
    .more = 写出的内容都已保留。请重新提问，届时会重新载入模型。
message-too-large = 一条消息放不下这么多内容。
    .more = 内容有 { $bytes }，而最多可以发送 { $limit_bytes }。请缩短，或分几次发送。
cancelled = 回答已停止。
    .more = 写出的内容都已保留。
peer-missing = 在 Parley 查找的地方没有安装 { $name }。
    .more = 它是一个 npm 包，需要 Node 20 或更新的版本：请在单独的文件夹中运行“npm install --ignore-scripts node-llama-cpp@3.22.1”，并用 --peer-dir 指明该文件夹。
peer-failed = { $name } 无法运行这个模型。
    .more = 它自己的说明在日志中。请去掉 --against 再测量。

## 历史记录

run-ended = 回答完成之前，Parley 被关闭了。
    .more = 写出的内容都已保留。如需完整的回答，请重新提问。
conversation-unknown = 这段对话已经不在了。
    .more = 它可能在另一个窗口中被删除了。
message-unknown = 这条消息已经不在了。
    .more = 对话可能在另一个窗口中被更改了，请重新打开。
message-empty = 没有可发送的内容。
    .more = 请先写些什么。
already-answering = 这段对话中的回答还没有写完。
    .more = 请等它完成，或停止它。
cannot-continue = 这个回答无法继续写。
    .more = 只有对话中的最后一个回答，在被停止、被中断或没有写完时，才能继续写。请改为重新回答。
history-damaged = 您的对话历史记录已损坏。
    .more = 文件原样保存在 { $path }。更新前的副本在同一文件夹中，名称带有“backup”：请关闭 Parley，移走损坏的文件，再把最新的副本改成它的名称。如果没有副本，Parley 会建立新的历史记录。
history-read-only = 无法写入您的对话历史记录。
    .more = 系统不允许更改 { $path }。请更改该文件及其文件夹的权限；内容没有丢失。
history-newer = 您的对话历史记录是由更新版本的 Parley 写入的。
    .more = { $path } 的格式为 { $found }，而这个版本的 Parley 最高支持格式 { $known }。请安装最新的 Parley；内容没有丢失。
history-busy = 您的对话历史记录正被另一个 Parley 占用。
    .more = 未能及时写入 { $path }。请关闭另一个 Parley，或稍候再试。
move-short = 磁盘空间不足，还缺 { $missing_bytes }。
    .more = { $path } 需要 { $needed_bytes }，目前可用 { $free_bytes }。请腾出空间，或选择其他磁盘。
disk-full = 磁盘已满。
    .more = { $path } 无法继续写入。请腾出空间后重试；之前保存的内容都在。

## 其他

bad-command = Parley 无法理解窗口发出的请求。
    .more = 该请求是“{ $name }”。请重新启动 Parley；您的对话都在。
no-display = Parley 的窗口需要图形界面，而当前环境没有。
    .more = 请在图形会话中启动，或者用命令“parley chat”在终端里对话：模型和对话都是同一份。
page-dies = Parley 中负责绘制窗口的部分在一分钟内终止了 { $times } 次。
    .more = 原因通常是显卡驱动；Parley 可以改用简易绘制方式重新启动，相当于设置 PARLEY_DMABUF=off。对话不会丢失，期间也可以用命令“parley chat”在终端里对话。
already-open = Parley 已经打开，但它的窗口没有响应。
    .more = 请稍候再试。如果一直如此，请结束程序 parley-desktop；已经显示的内容都已保存。
internal = Parley 内部出现了意外情况。
    .more = 您的对话都在。请重试；如果再次出现，附上详细信息的报告有助于修复。
