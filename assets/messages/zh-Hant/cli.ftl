# 命令列的訊息。選項和指令的名稱不翻譯。

## 說明：框架
help-usage = 用法：
help-commands = 指令
help-command = 指令
help-arguments = 引數
help-options = 選項
help-endings = 結束代碼：0 表示一切順利，1 表示出現故障，2 表示無法理解命令列，130 表示被 Ctrl-C 中斷。
    資料儲存在系統指定的資料夾中；如果設定了 PARLEY_HOME，則全部儲存在其中。
help-desktop = Parley 的視窗。

    用法：parley-desktop [FILE…]

    FILE 是模型檔案（GGUF），會加入模型庫並選用。如果 Parley 已經開啟，就由該視窗接收。

      -h --help       顯示這份說明
      -V --version    顯示版本

    指令「parley」在終端機裡提供同樣的功能。
option-help = 顯示此說明
option-version = 顯示版本
option-language = 訊息的語言：en、zh-Hans 或 zh-Hant；預設使用設定或系統的語言

## 說明：指令
about-parley = 在您自己的電腦上與開放語言模型對話
about-chat = 與模型對話
option-chat-once = 回答這段文字後結束，標準輸出中只有回答；「-」表示從標準輸入讀取文字
option-chat-model = 模型：其識別碼或識別碼的開頭、名稱，或檔案路徑
option-chat-system = 給模型的固定指示
option-chat-seed = 整數；相同的種子會得到相同的回答
option-chat-temperature = 選詞的自由程度：0 總是選最可能的詞，常用 0.7
option-chat-max_tokens = 回答的最大長度，以詞元計
option-chat-quantise = 載入資料夾形式的模型時量化其權重，並保留結果：q8_0、q6_k 或 q4_k；不指定則只在記憶體不足時進行
option-chat-kv = 以 f16 或 q8_0（記憶體減半）保存已讀內容（鍵與值）；不指定則依設定
option-chat-draft = 由誰先預測詞語、再由模型核對，回答相同但更快：詞彙表相同的較小模型、auto（由模型庫自行選擇）或 none；不指定則依設定
option-chat-no_speculation = 每次只產生一個詞元：回答相同，用於測量速度
option-chat-temporary = 不儲存任何內容：對話只留在記憶體中，結束後就會消失
option-chat-reasoning = 在標準錯誤輸出中顯示模型回答之前的思考；在終端機裡一律會顯示
option-chat-json = 與 --once 一起使用：輸出一個 JSON 物件，包含回答及其產生過程；出現故障時帶有「error」
about-list = 顯示模型庫中的模型
option-list-json = 輸出一個 JSON 清單
option-list-elsewhere = Ollama、LM Studio、Jan、GPT4All 和模型中心快取在這個磁碟上有、而模型庫裡沒有的模型；「parley import --found」可在原處加入它們
option-list-downloads = 改為顯示正在取得或等待取得的模型
about-search = 先搜尋 Parley 內附的目錄，再搜尋 hub
option-search-words = 關鍵字、製作者或儲存庫
option-search-speaks = 只列出會這種語言的模型：en、zh 等
option-search-licence = 只列出採用此授權條款的模型，依 hub 的寫法：apache-2.0、mit 等
option-search-format = 只列出這種格式的檔案：gguf 或 safetensors
option-search-fits = 只列出適合這台電腦的模型；hub 上的模型以其說明的大小為準
option-search-json = 輸出一個 JSON 物件
about-pull = 從 hub 下載模型；中斷過的會接著下載
option-pull-model = 目錄中某個模型的名稱，取最適合本機的最大檔案；owner/name 表示 safetensors 資料夾，或唯一的 GGUF 檔案；owner/name:檔案.gguf 或 owner/name:Q4_K_M 表示 GGUF 檔案；結尾加 @版本 可指定其他版本
option-pull-json = 每一步輸出一個 JSON 物件，最後一個為「done」
about-rm = 刪除模型：先說明會刪除什麼，再詢問
option-rm-model = 模型：其 id 或 id 的開頭、名稱，或路徑
option-rm-keep_files = 只從模型庫移除，保留檔案
option-rm-yes = 不再詢問
option-rm-json = 輸出一個 JSON 物件：刪除了什麼
about-verify = 重新讀取模型的每個位元組，與原本的內容核對
option-verify-models = 要檢查的模型；不填就檢查全部
option-verify-json = 多行 JSON：進度，以及每個模型一個含「done」的物件
about-update = 查詢模型中心上某個模型的新版本並取得；新版本完整之前，舊版本會保留
option-update-model = 模型：識別碼或其開頭、名稱或路徑
option-update-look = 只查詢，並說明需要取得多少
option-update-json = 使用 --look 時，或沒有新版本時，輸出一個 JSON 物件；否則與「parley pull --json」相同
about-mv = 將 Parley 下載的模型搬到另一個資料夾，之後的模型也放在那裡
option-mv-folder = 資料夾
option-mv-json = 逐行輸出 JSON：進度，最後是模型庫的新位置
about-import = 把模型（檔案或資料夾）在原處加入模型庫
option-import-path = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-import-found = 不給路徑，而是加入「parley list --elsewhere」找到的模型：指定編號或名稱的，或全部
option-import-json = 每個模型一個 JSON 物件
about-inspect = 顯示模型檔案的內容，不載入模型
option-inspect-file = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-inspect-json = 輸出一個 JSON 物件
about-tokenize = 將標準輸入中的文字轉換為詞元
option-tokenize-file = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-tokenize-special = 加入並辨識控制詞元；與 --decode 一起使用時將其寫出
option-tokenize-decode = 反向轉換：將標準輸入中的編號轉換為文字
about-render = 顯示模型實際讀到的提示詞
option-render-file = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-render-messages = JSON 訊息清單，形如 { "{\"role\": \"user\", \"content\": \"…\"}" }，或一個物件，內含「messages」和範本讀取的其他變數；「-」表示標準輸入
option-render-tools = 模型可以呼叫的工具：一個 JSON 清單，每項是一個函式的 JSON Schema
option-render-thinking = 模型回答前是否先思考（範本支援時）
option-render-no_generation_prompt = 不含模型回答的開頭
about-template = 顯示或選擇模型對話的書寫方式
option-template-model = 模型：名稱、編號或其開頭，或路徑
option-template-set = 使用此檔案中的 Jinja 範本，取代模型自帶的範本
option-template-form = 使用此名稱的提示格式
option-template-clear = 恢復模型自帶的範本
option-template-show = 輸出正在使用的範本
about-logits = 顯示每個位置之後最可能的詞元，每行一個 JSON 物件
option-logits-file = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-logits-ids = JSON 詞元清單；「-」表示標準輸入
option-logits-top = 每個位置顯示多少個；預設 10
option-logits-quantise = 載入資料夾形式的模型時量化其權重，並保留結果：q8_0、q6_k 或 q4_k；不指定則只在記憶體不足時進行
option-logits-kv = 以 f16 或 q8_0（記憶體減半）保存已讀內容（鍵與值）；不指定則為 f16
about-doctor = 檢查 Parley 所需的一切是否齊全
option-doctor-json = 以一個 JSON 清單輸出
option-doctor-report = 輸出用來回報問題的文字：版本、這台電腦的狀況、記錄檔的最後幾行；不含任何對話內容
about-bench = 測量模型在這台電腦上的執行速度
option-bench-file = 模型：GGUF 檔案，或含有 safetensors 的資料夾
option-bench-prefill = 從空的上下文開始讀取多少詞元：一個或多個數（如 512,4096）；預設為 512
option-bench-decode = 寫出多少詞元：一個或多個數；預設為 128
option-bench-depth = 在多少詞元之後寫出：一個或多個數；預設在讀取第一個 --prefill 之後
option-bench-runs = 執行次數；預設 3
option-bench-threads = 計算所用的執行緒數；預設每個核心一個
option-bench-quantise = 載入資料夾形式的模型時量化其權重，並保留結果：q8_0、q6_k 或 q4_k；不指定則只在記憶體不足時進行
option-bench-kv = 以 f16 或 q8_0（記憶體減半）保存已讀內容（鍵與值）；不指定則為 f16
option-bench-against = 與另一個程式輪流測量，檔案、長度與執行緒數皆相同：llama.cpp（npm 套件 node-llama-cpp）
option-bench-peer_dir = 安裝該套件的資料夾；預設依序為 PARLEY_PEER 所指的資料夾、目前的資料夾與 node 本身的資料夾
option-bench-peer_file = 另一個程式讀取的檔案（如果不同）：例如 FILE 是資料夾時，同一模型的 GGUF 檔案
option-bench-no_amx = 雙方都不使用矩陣指令 AMX
option-bench-json = 輸出一個 JSON 物件

## 無法理解的輸入
usage-command = 沒有「{ $about }」這個指令。
usage-no-command = 缺少指令。
usage-unknown = 無法理解「{ $about }」。
usage-missing = 缺少內容：{ $about }
usage-value = 「{ $value }」不適用於 { $about }。
usage-no-value = { $about } 需要一個值。
usage-twice = { $about } 與其他內容不能同時使用。
usage-not-text = 命令列必須是 UTF-8 文字。
usage-hint = 「parley --help」和「parley 指令 --help」會顯示可用的內容。

## 模型
model-facts = { $parameters } 參數 · { $quantisation } · 上下文 { $context } 個詞元 · 磁碟 { $disk } · 記憶體約 { $memory }
elsewhere-none = 其他程式在這裡沒有模型庫以外的模型。
search-none = hub 上沒有找到。
search-catalogue = 目錄中：
search-hub = hub 上：
rm-look = 將刪除 { $name }，釋出 { $freed }。
rm-breaks = { $n } 個對話的下一個回答需要換用其他模型。已有內容會保留。
rm-in-use = 有程序正在記憶體中使用它；該程序用完後，空間才會釋出。
rm-ask = 要刪除嗎？（y/n）
rm-needs-yes = 沒有刪除任何東西。無法詢問時，請加上 --yes。
rm-done = 已刪除 { $name }，釋出了 { $freed }。
verify-well = { $name }：每個位元組都與原本相同。
update-newest = { $name } 已是最新版本。
update-there = { $name } 有新版本，需要取得 { $size }。用「parley update」取得。
downloads-none = 沒有正在取得或等待取得的模型。
download-waiting = 正在排隊，等 Parley 的視窗或「parley pull」來取得
download-asking = 正在詢問模型中心
download-running = 正在取得
download-paused = 已暫停
download-checking = 所有位元組已到，正在校驗最後的部分
download-elsewhere = 另一個程式正在取得它
download-done = 已完成
download-updates = 完整後將取代 { $name }
mv-done = 模型庫現在位於 { $path }。
work-progress = { $done } / { $total }
list-used = 用於 { $n } 個對話
list-last-used = 上次使用：{ $n ->
        [0] 今天
       *[other] { $n } 天前
    }
list-keeper-parley = Parley 自有
list-keeper-hub = hub 的資料夾，與其他程式共用
list-keeper-person = 原處使用
list-empty = 模型庫是空的。請用「parley import 路徑」加入模型。

## 檔案內容
inspect-line = { $what }：{ $value }
inspect-unsaid = 未註明
inspect-name = 名稱
inspect-format = 格式
inspect-architecture = 架構
inspect-parameters = 參數
inspect-quantisation = 量化
inspect-context = 最長上下文（詞元）
inspect-window = 注意力範圍
inspect-window-some = 在有視窗的層中為前 { $tokens } 個詞元（{ $from }）
inspect-window-all = 整個上下文（{ $from }）
inspect-window-file = 依模型檔案所述
inspect-window-catalogue = 依 Parley 的目錄；檔案本身未註明
inspect-window-nobody = 檔案未註明視窗
inspect-layers = 層數
inspect-hidden = 寬度
inspect-heads = 注意力頭
inspect-heads-value = { $heads } 個，其中鍵值頭 { $kv } 個，每個寬 { $width }
inspect-experts = 專家
inspect-vocabulary = 詞彙表
inspect-tokenizer = 分詞器
inspect-pre-tokenizer = 預分詞器
prompt-own = 自帶
prompt-form = 未自帶；使用其系列的提示格式「{ $form }」（{ $source }）
prompt-text = 未自帶，也沒有已知的提示格式：基礎模型，按原樣讀取文字
prompt-chosen-form = 您選擇的提示格式「{ $form }」
prompt-chosen = 您選擇的範本
prompt-line = { $name }：{ $said }
inspect-template = 對話範本
inspect-types = 張量型別
inspect-tensors = 張量
inspect-files = 含張量的檔案
inspect-disk = 佔用磁碟
inspect-memory = 載入後約佔記憶體
inspect-licence = 授權條款

## 測量
bench-model = { $name }，{ $size }。執行緒：{ $threads }；次數：{ $runs }。執行器 { $executor }，核心程式 { $kernels }，{ $device }。
bench-machine = 這台電腦使用這些執行緒時：每秒讀取 { $read } GB；每秒 { $integer } × 10⁹ 次位元組乘加，{ $float } × 10⁹ 次 32 位元小數乘加。
bench-against = 與 { $name }（node-llama-cpp { $version }）輪流測量並比較。
bench-median = 中位數
bench-range = 範圍
bench-share = 佔上限的比例
bench-ratio = 我方/對方
bench-load = 載入
bench-first = 從零到 { $tokens } 個詞元之後的第一個詞元
bench-prefill = 讀取 { $tokens } 個詞元
bench-decode = 在 { $depth } 個詞元後寫出 { $tokens } 個
bench-ms = { $value } 毫秒
bench-speed = { $value } 詞元/秒
bench-from-to = { $least } 至 { $most }
bench-of-memory = 記憶體的 { $percent }%
bench-of-integer = 整數運算的 { $percent }%
bench-of-float = 小數運算的 { $percent }%
bench-memory = 記憶體：第一個詞元之後佔用 { $resident }，最多 { $peak }。檔案為 { $file }，最長一次的鍵與值佔 { $kept }。
bench-peer-memory = { $name } 最多佔用 { $peak }。
bench-why-load = 載入的時間用於讀取檔頭，並將權重的每一頁都看過一遍。
bench-why-prefill-memory = 提示很短時，讀取受記憶體限制：權重（{ $bytes }）要為整個提示讀一遍。
bench-why-prefill-integer = 讀取受位元組運算限制：每個詞元 { $work } × 10⁹ 次乘加。激活值保留為兩個 8 位元數，以確保答案精確，因此最多能達到這個上限的一半。
bench-why-prefill-float = 當注意力（隨提示變長而增加）或 f16、bf16、f32 的權重占大部分運算時，讀取受小數運算限制。
bench-why-decode-memory = 寫出受記憶體限制：每個詞元都要讀取全部權重（{ $bytes }）以及先前的鍵與值。
bench-why-decode-arithmetic = 寫出受運算限制：每個詞元 { $work } × 10⁹ 次乘加。
bench-run = 第 { $run } 次，共 { $runs } 次：{ $what }
bench-peer = 正在執行 { $name }
bench-loading = 正在載入，{ $percent }%
bench-computing = { $total } 個詞元中的 { $done } 個

## 對話
chat-model = 由 { $model } 回答
chat-hint = 輸入後按 Enter。Ctrl-C 停止回答，Ctrl-D 結束，/help 顯示更多。
chat-help = /model         顯示模型；/model 加名稱或路徑可更換模型
    /new           開始新的對話
    /stop          如何停止回答
    /continue      繼續寫已停止的回答
    /quit          結束
chat-kept = 所有內容都會儲存，也會出現在視窗的對話清單中。
chat-temporary = 臨時對話：不會儲存任何內容，結束後就會消失。
chat-new = 新的對話。
chat-stopped = 回答已停止。輸入 /continue 可繼續寫。
chat-how-to-stop = 回答時按 Ctrl-C 即可停止。
chat-how-to-quit = 按 Ctrl-D 或輸入 /quit 結束。
chat-unknown-command = 沒有「{ $command }」。/help 會顯示可用的指令。
chat-loading = 正在載入模型：{ $percent }%
chat-reading = 正在讀取：{ $read } / { $total } 個詞元

## 是否一切齊全
doctor-ok = 正常
doctor-attention = 留意
doctor-trouble = 有問題
doctor-line = { $name }：{ $state }。{ $sentence }
doctor-name-folder = 資料存放處
doctor-name-disk = 磁碟
doctor-name-logs = 記錄檔
doctor-name-kept = 保留已讀內容
doctor-name-history = 歷史紀錄
doctor-name-library = 模型庫
doctor-name-model = 模型
doctor-name-memory = 記憶體
doctor-name-worker = 執行模型的程式
doctor-name-processor = 處理器
doctor-name-answer = 回答
doctor-name-display = 顯示
doctor-name-web-view = 網頁元件
doctor-name-fonts = 字型
doctor-folder-ok = 可以寫入 { $path }。
doctor-folder-read-only = 無法寫入 { $path }。請變更它的權限，或將 PARLEY_HOME 設為其他資料夾。
doctor-disk-ok = 可用空間為 { $free_bytes }。
doctor-disk-little = 可用空間只剩 { $free_bytes }，足以保存對話，但放不下新的模型。
doctor-disk-full = 可用空間只剩 { $free_bytes }，幾乎無法再保存對話。請清出一些空間。
doctor-disk-unknown = 系統沒有提供可用空間的大小。
doctor-logs-ok = 記錄檔位於 { $path }。
doctor-logs-read-only = 無法將記錄檔寫入 { $path }。沒有記錄檔 Parley 也能執行，但發生問題時較難找出原因。
doctor-kept-ok = 模型已讀過的內容在磁碟上佔用 { $used_bytes }，最多可用 { $most_bytes }。
doctor-kept-off = 依照設定，磁碟上不保留模型已讀過的內容。
doctor-kept-no-room = 磁碟空間不足，沒有保留模型已讀過的內容；重新啟動後，模型會從頭再讀對話。
doctor-history-ok = 完好無缺：共 { $conversations } 段對話、{ $messages } 則訊息，{ $size_bytes }。
doctor-history-none = 還沒有對話。
doctor-library-ok = 可以讀取，共 { $models } 個模型。
doctor-model-ok = { $name } 的檔案仍在原處且沒有變動，{ $size_bytes }。
doctor-memory-ok = 可供模型使用的記憶體為 { $free_bytes }；最小的模型 { $name } 需要 { $needed_bytes }。
doctor-memory-free = 可供模型使用的記憶體為 { $free_bytes }。
doctor-worker-ok = 可以啟動，版本為 { $version }。
doctor-processor-ok = { $cores } 個核心，{ $device }，以 { $kernels } 運算。
doctor-processor-slow = { $cores } 個核心，{ $device }，不支援 AVX2，回答會比較慢。請選擇小一點的模型。
doctor-answer-ok = { $name } 在 { $seconds } 秒後做出了回答。
doctor-display-ok = 可以開啟視窗。
doctor-display-none = 這裡沒有圖形介面，無法開啟視窗。請在圖形工作階段中啟動 Parley，或用「parley chat」在終端機裡對話。
doctor-web-view-ok = 已安裝 WebKitGTK。
doctor-web-view-missing = 找不到視窗所需的 WebKitGTK 4.1。請安裝：Debian 和 Ubuntu 的套件是 libwebkit2gtk-4.1-0，Fedora 是 webkit2gtk4.1，Arch 是 webkit2gtk-4.1。
doctor-fonts-ok = 已安裝中文字型。
doctor-fonts-missing = 沒有中文字型，漢字會顯示為方框。請安裝一種，例如套件 fonts-noto-cjk。
doctor-fonts-unknown = 缺少 fc-list，無法得知是否裝有中文字型。它包含在套件 fontconfig 中。
