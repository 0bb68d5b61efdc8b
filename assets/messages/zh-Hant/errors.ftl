# 每種故障一則訊息。值說明發生了什麼；`.more` 說明原因、哪些內容是安全的，以及可以怎麼做。

## 檔案

file-not-found = 找不到檔案 { $path }。
    .more = 請檢查檔名和資料夾，或確認所在的磁碟已連接。
file-not-readable = 無法讀取 { $path }。
    .more = 系統不允許讀取。請變更其權限，或選擇其他檔案。
file-not-written = 無法寫入 { $path }。
    .more = 磁碟或系統拒絕了寫入。先前儲存的內容都在。
not-a-file = { $path } 是一個資料夾。
    .more = 這裡需要的是檔案，請選擇資料夾中的某個檔案。
not-text = 輸入的內容不是文字。
    .more = 輸入必須是 UTF-8 編碼；第一個不符合的位元組在位置 { $at }。
not-a-token = 「{ $word }」不是詞元的編號。
    .more = 輸入必須是以空格分隔的整數。
bad-json = 無法理解 { $path } 的內容。
    .more = 它必須是 JSON，格式請見說明。

## 模型檔案

not-a-model = { $path } 不是 Parley 能讀取的模型。
    .more = Parley 讀取 GGUF 檔案，以及含有 safetensors 的資料夾。請選擇以 .gguf 結尾的檔案，或這樣的資料夾。
unsafe-format = 沒有開啟 { $path }，因為這類檔案可能會執行程式。
    .more = 它是 pickle 格式（.bin、.pt、.pth、.ckpt 都是），載入時會執行檔案裡寫的任何程式碼。請尋找同一個模型的 safetensors 或 GGUF 檔案，大多數模型都有提供。
model-truncated = 模型檔案 { $path } 不完整。
    .more = 檔案大小為 { $bytes }，而檔頭標明應為 { $expected_bytes }。下載可能中斷過，請重新取得該檔案。
model-damaged = 模型檔案 { $path } 已損毀。
    .more = 檔頭在「{ $what }」處自相矛盾。請重新取得該檔案，或換一個來源。
model-version = Parley 無法讀取 { $path } 的 GGUF 版本。
    .more = 它是版本 { $version }，而 Parley 讀取版本 2 和 3。請尋找同一模型較新的檔案。
model-big-endian = { $path } 是為另一類電腦製作的。
    .more = 其中的數值採用大端序，Parley 無法讀取。請尋找同一模型的一般檔案。
unknown-architecture = Parley 還不能執行「{ $architecture }」架構的模型。
    .more = 請選擇其他模型；可以執行的包括 Llama、Mistral、Falcon、OLMo、Qwen、Gemma 和 Phi。
unknown-type = Parley 無法用這個模型的權重進行計算。
    .more = 張量 { $tensor } 的型別是 { $kind }，而需要的是數字（F32、F16、BF16）或已知的量化型別。請尋找同一模型的其他量化版本，例如 Q4_K_M 或 Q8_0。
tensor-missing = 模型檔案缺少一部分內容。
    .more = 找不到張量 { $tensor }。請重新取得該檔案，或換一個來源。
tensor-shape = 模型檔案中有一部分的大小與檔頭不符。
    .more = 張量 { $tensor } 是 { $found }，而需要的是 { $expected }。請重新取得該檔案，或換一個來源。
tensor-unexpected = 這個模型的權重與它的描述不一致。
    .more = 檔案裡有張量 { $tensor }，但這種尺寸的 { $architecture } 架構模型沒有這個張量。請從同一個來源取得模型的所有檔案；如果檔案沒有問題，那麼 Parley 還不能執行這種模型。
metadata-missing = 模型檔案缺少執行所需的資訊。
    .more = 檔頭中沒有「{ $name }」。請尋找同一模型的其他檔案。
config-missing = 資料夾 { $path } 不是 Parley 能讀取的模型。
    .more = 裡面沒有 config.json。請選擇 GGUF 檔案，或是含有 config.json、safetensors 權重和分詞器的資料夾。
metadata-damaged = 檔案 { $path } 已損毀。
    .more = 它沒有提供這個模型必要的資訊。請從模型的來源重新取得這個檔案。
weights-missing = 缺少這個模型的一個權重檔案。
    .more = { $path } 裡沒有 { $file }。請取得缺少的檔案；一個模型可能由好幾個檔案組成。
draft-differs = { $path } 無法為 { $name } 預測詞語。
    .more = 兩者的詞彙表不同，或是它無法收回未採用的詞語。請選擇同一系列的較小模型，或是拿掉這個選項：沒有它，回答也完全一樣，只是慢一些。
quantise-gguf = { $name } 的權重不會改變。
    .more = 這是 GGUF 檔案，只有資料夾形式的模型才能在載入時量化。請拿掉這個選項，或是取得您需要的類型的檔案。
index-disagrees = 這個模型的檔案彼此矛盾。
    .more = 清單上說張量 { $tensor } 在 { $file } 裡，實際上卻沒有。請重新取得 { $path } 以及其中列出的所有檔案。
part-foreign = 依名稱，{ $path } 是某個模型的一部分，但它不屬於那個模型。
    .more = 它與 { $file } 不相符。請重新取得同一個模型的所有部分，並放在同一個資料夾裡。
part-misnamed = { $path } 是模型的數個部分之一，但名稱沒有說明是哪一部分。
    .more = 它原本的名稱像 { $expected }。請還原所有部分的名稱，並放在同一個資料夾裡。
several-models = 資料夾 { $path } 裡有好幾個模型。
    .more = 請選擇其中一個：{ $files }。
foreign-layout = 資料夾 { $path } 裡的權重只有製作者自己的配置方式。
    .more = 名為「consolidated」的檔案裡，權重的命名與其他檔案不同。請取得這個模型的其他檔案（config.json、model.safetensors 或它的各個部分，以及分詞器），或它的 GGUF 檔案。
pointer-only = { $path } 不是檔案本身，只是指向它的指標。
    .more = 複製時沒有包含大型檔案。請在它的來源處執行「git lfs pull」，或直接下載這個檔案。
web-page = { $path } 是網頁，不是模型。
    .more = 網站可能要求登入或接受條款，存下來的是那個頁面。請在瀏覽器中完成後，再重新下載這個檔案。
tokenizer-too-large = 這個模型的分詞器與權重並不相符。
    .more = 分詞器有 { $tokens } 個詞元，權重只認得 { $rows } 個。請從模型的來源重新取得兩者。
unknown-pretokenizer = Parley 不知道這個模型如何切分文字。
    .more = 檔案指定的預分詞器是「{ $name }」。為避免猜錯而答非所問，Parley 不會執行它。請選擇其他模型。
unknown-tokenizer = Parley 不認得這個模型的分詞器。
    .more = 它的種類是「{ $kind }」。請選擇其他模型。
tokenizer-damaged = 模型檔案中的分詞器已損毀或缺少。
    .more = 問題出在「{ $what }」。請重新取得該檔案，或換一個來源。
token-out-of-range = 這個模型中沒有編號為 { $token } 的詞元。
    .more = 它的詞彙表有 { $size } 個詞元，從 0 開始編號。
template-failed = 無法將模型的對話範本用於這段對話。
    .more = 範本給出的原因：{ $reason }。對話內容沒有遺失；請選擇其他模型繼續。
template-refused = 無法使用這個範本。
    .more = 範本給出的原因：{ $reason }。模型原有的設定維持不變。
template-too-costly = 模型的對話範本遲遲不結束，已被終止。
    .more = 檔案可能已損毀，或是惡意製作的。對話內容沒有遺失；請選擇其他模型繼續。
logits-not-finite = 模型算出了不是數字的值。
    .more = 它的權重可能已損毀，請重新取得該檔案。寫出的內容都已保留。

## 模型庫

model-unknown = 模型庫中沒有「{ $model }」。
    .more = 請選擇其他模型，或重新加入它的檔案。
model-ambiguous = 「{ $model }」可能是模型庫中的好幾個模型。
    .more = 請寫出更完整的名稱，或用以下其中一個來選擇：{ $known }。
model-gone = { $name } 的檔案不見了。
    .more = 它原本在 { $path }。請放回原處，或從現在的位置重新加入；對話都在。
model-changed = { $name } 的檔案已不是原本的那個。
    .more = { $path } 已被變更或取代。要使用現在的檔案，請重新加入；對話都在。
starter-missing = 未安裝入門模型。
    .more = 請重新安裝 Parley，或加入您自己的模型檔案。
no-model = 沒有可以對話的模型。
    .more = 請先將一個模型檔案加入模型庫。
file-damaged = { $name } 的檔案已損毀。
    .more = 重新讀取 { $path } 後發現，內容與加入時不同。請重新下載這個模型；或放回完好的檔案，再檢查一次。
model-bundled = { $name } 是 Parley 內附的模型，無法刪除。
    .more = 移除 Parley 時會一併刪除。
library-busy = 模型庫正在搬移或檢查。
    .more = 請等它完成，或先取消，然後再試一次。
update-unknown = { $name } 不是從模型中心取得的。
    .more = 只有從那裡取得的模型才能查詢新版本。請直接開啟新的檔案，或在模型庫中尋找這個模型。
update-none = { $name } 沒有更新的版本。
    .more = 這裡的檔案就是模型中心現有的檔案。
library-damaged = 無法讀取您的模型清單。
    .more = 清單原樣保存在 { $path }，模型檔案未受影響。請將它們重新加入模型庫。

## 模型中心

offline = Parley 目前離線。
    .more = 離線時不會送出任何要求。請在設定中關閉「離線」，或從環境變數中移除 HF_HUB_OFFLINE，然後再試一次。
hub-unreachable = 無法連上 { $host }。
    .more = 請檢查這台電腦是否已連上網路，以及設定中的位址和代理伺服器是否正確。已安裝的模型仍可照常使用。
proxy-unreachable = 無法連上代理伺服器 { $address }。
    .more = 請檢查設定中的位址是否正確；如果這個網路沒有代理伺服器，請將它移除。
proxy-refused = 代理伺服器沒有讓 Parley 通過。
    .more = 它要求使用者名稱和密碼（{ $address }）。請在設定中填入這兩項，然後再試一次。
proxy-invalid = 「{ $address }」不是代理伺服器的位址。
    .more = 位址看起來像 http://proxy.example:8080，也可以用 https:// 或 socks5:// 開頭。請在設定或環境變數中更正。
endpoint-invalid = 「{ $address }」不是模型中心的位址。
    .more = 位址看起來像 https://huggingface.co，其中沒有使用者名稱和問號。請在設定或環境變數中更正。
certificate-unknown = { $host } 無法證明自己的身分。
    .more = 它的憑證不是由這台電腦信任的機構簽發，或者今天無效；沒有送出任何內容。請檢查電腦的時鐘。如果您的網路會檢查所有流量，請在設定中指定它的憑證檔案。
certificate-file = 無法使用 { $path } 中的憑證。
    .more = 檔案不存在、無法讀取，或其中沒有 PEM 格式的憑證。請在設定中選擇另一個檔案。
hub-gated = { $repository } 的作者要求先知道您是誰。
    .more = 請在 { $address } 登入並接受其中的條款，再到設定中把同一個帳號的權杖交給 Parley，然後再試一次。
hub-unknown = 模型中心沒有 { $repository }，或者它沒有公開。
    .more = 請檢查名稱、檔案和版本是否正確。私人模型需要有讀取權限的權杖。
token-refused = 模型中心不認得這個權杖。
    .more = 它可能已被撤銷，或者不完整。請在模型中心的帳號設定中建立新的權杖，再交給 Parley。
token-invalid = 這不可能是權杖。
    .more = 權杖沒有空格，只有一般的字母、數字和符號。請重新完整複製一次。
hub-busy = 模型中心請您稍後再來。
    .more = 從這裡送出的要求太多了。請過幾分鐘再試；使用權杖可以送出更多要求。
hub-failed = 模型中心無法回應。
    .more = 它回傳了 { $status }。請稍後再試；已安裝的模型仍可照常使用。
hub-answer = 模型中心的回應無法使用。
    .more = 問題出在「{ $what }」。請稍後再試，或檢查設定中模型中心的位址。
redirect-refused = { $host } 把 Parley 引向了不該去的地方。
    .more = 它指向這台電腦本身、某個檔案或沒有保護的位址；沒有向那裡送出任何內容。請檢查設定中模型中心的位址。

## 下載

pull-unknown = 「{ $name }」不是目錄中的模型，也不是儲存庫。
    .more = 模型中心的儲存庫寫作 owner/name。用「parley search { $name }」可在目錄和模型中心裡查詢。
pull-unlike = 「{ $name }」不是目錄中的模型，也不是儲存庫。
    .more = 名稱相近的有：{ $names }。模型中心的儲存庫寫作 owner/name；用「parley search { $name }」可在兩處查詢。
pull-which = { $repository } 有好幾個檔案可選。
    .more = 請在冒號後寫出其中一個，如「parley pull { $repository }:名稱」。可選的有：{ $known }。
hub-file-missing = { $repository } 裡沒有所需的檔案。
    .more = 其中沒有 { $file }。請選擇其中的其他檔案，或同一模型的其他儲存庫。
name-refused = 名稱「{ $name }」被拒絕。
    .more = 儲存庫名稱的形式是 擁有者/名稱，檔案都在儲存庫之內。名稱不是這樣的儲存庫，可能想寫到不該寫的地方；沒有下載其中任何內容。
disk-short = 磁碟空間不夠這次下載。
    .more = { $folder } 所在的磁碟還差 { $missing_bytes }。已下載的部分會保留，有空間後會自動繼續。請刪除一些模型或其他檔案，或選擇另一個磁碟上的資料夾。
download-mismatch = 收到的 { $file } 與模型中心上的不一致。
    .more = 收到的內容已捨棄並重新下載過一次，結果仍然不對。請稍後再試；如果設定了鏡像站或代理伺服器，請不透過它們再試一次。
download-stalled = 模型中心不再傳來資料。
    .more = 已下載的部分會保留，並會自動重試。
download-changed = 下載期間，{ $repository } 的檔案有變動。
    .more = 變動的檔案會重新下載，讓各部分屬於同一版本。如果停在這裡，請稍後再試。
download-too-large = 這個檔案太大，無法下載。
    .more = 模型中心說它有 { $bytes }，沒有模型有這麼大。請選擇其他檔案。
download-unknown = 沒有這項下載。
    .more = 它可能已在這裡或另一個視窗中被移除。請重新查看下載清單。
download-queue-full = 下載清單中的項目太多。
    .more = 請移除已完成或失敗的項目，然後再試一次。

## 執行

context-overflow = 內容太長，模型讀不下。
    .more = 它有 { $tokens } 個詞元，而模型最多讀取 { $context } 個，超出 { $over } 個。請縮短內容，或選擇上下文較長的模型。
memory-short = 記憶體不足以執行 { $name }。
    .more = 大約需要 { $needed_bytes }，目前可用 { $free_bytes }。{ $smaller ->
        [none] 請關閉其他程式，或選擇較小的模型。
       *[other] 請關閉其他程式，或選擇較小的模型，例如放得下的 { $smaller }。
    }
memory-compact = 記憶體不足以執行 { $name }。
    .more = 大約需要 { $needed_bytes }，目前可用 { $free_bytes }。將「對話占用的記憶體」改為「精簡」後只需 { $compact_bytes }，放得下：請在設定的「模型與記憶體」中選擇，或在命令列使用 --kv q8_0。關閉其他程式或選擇較小的模型也有幫助。
worker-missing = Parley 缺少一個組成部分。
    .more = 在 { $path } 沒有找到執行模型的程式。請重新安裝 Parley；您的對話都在。
worker-not-started = 執行模型的程式未能啟動。
    .more = 該程式是 { $path }。請重試；如果仍然如此，請重新安裝 Parley。您的對話都在。
worker-version = Parley 的兩個組成部分版本不一致。
    .more = 執行模型的程式使用版本 { $found }，而需要的是版本 { $expected }。請關閉 Parley 並重新安裝；您的對話都在。
worker-died = { $name } 在執行途中意外結束。
    .more = 寫出的內容都已保留。請重新提問，或選擇其他模型。
worker-out-of-memory = 記憶體耗盡，系統結束了 { $name }。
    .more = 寫出的內容都已保留。請關閉其他程式，或選擇較小的模型。
worker-hung = { $name } 不再回應，已被結束。
    .more = 寫出的內容都已保留。請重新提問，屆時會重新載入模型。
message-too-large = 一則訊息放不下這麼多內容。
    .more = 內容有 { $bytes }，而最多可以傳送 { $limit_bytes }。請縮短，或分幾次傳送。
cancelled = 回答已停止。
    .more = 寫出的內容都已保留。
peer-missing = 在 Parley 尋找的地方沒有安裝 { $name }。
    .more = 它是一個 npm 套件，需要 Node 20 或更新的版本：請在單獨的資料夾中執行「npm install --ignore-scripts node-llama-cpp@3.22.1」，並以 --peer-dir 指明該資料夾。
peer-failed = { $name } 無法執行這個模型。
    .more = 它自己的說明在記錄檔中。請去掉 --against 再測量。

## 歷史紀錄

run-ended = 回答完成之前，Parley 被關閉了。
    .more = 寫出的內容都已保留。如需完整的回答，請重新提問。
conversation-unknown = 這段對話已經不在了。
    .more = 它可能在另一個視窗中被刪除了。
message-unknown = 這則訊息已經不在了。
    .more = 對話可能在另一個視窗中被變更了，請重新開啟。
message-empty = 沒有可傳送的內容。
    .more = 請先寫些什麼。
already-answering = 這段對話中的回答還沒有寫完。
    .more = 請等它完成，或停止它。
cannot-continue = 這個回答無法繼續寫。
    .more = 只有對話中的最後一個回答，在被停止、被中斷或沒有寫完時，才能繼續寫。請改為重新回答。
history-damaged = 您的對話歷史紀錄已損毀。
    .more = 檔案原樣保存在 { $path }。更新前的副本在同一資料夾中，名稱帶有「backup」：請關閉 Parley，移走損毀的檔案，再把最新的副本改成它的名稱。如果沒有副本，Parley 會建立新的歷史紀錄。
history-read-only = 無法寫入您的對話歷史紀錄。
    .more = 系統不允許變更 { $path }。請變更該檔案及其資料夾的權限；內容沒有遺失。
history-newer = 您的對話歷史紀錄是由較新版本的 Parley 寫入的。
    .more = { $path } 的格式為 { $found }，而這個版本的 Parley 最高支援格式 { $known }。請安裝最新的 Parley；內容沒有遺失。
history-busy = 您的對話歷史紀錄正被另一個 Parley 佔用。
    .more = 未能及時寫入 { $path }。請關閉另一個 Parley，或稍候再試。
move-short = 磁碟空間不足，還缺 { $missing_bytes }。
    .more = { $path } 需要 { $needed_bytes }，目前可用 { $free_bytes }。請騰出空間，或選擇其他磁碟。
disk-full = 磁碟已滿。
    .more = { $path } 無法繼續寫入。請騰出空間後重試；先前儲存的內容都在。

## 其他

bad-command = Parley 無法理解視窗發出的請求。
    .more = 該請求是「{ $name }」。請重新啟動 Parley；您的對話都在。
no-display = Parley 的視窗需要圖形介面，而目前的環境沒有。
    .more = 請在圖形工作階段中啟動，或者用指令「parley chat」在終端機裡對話：模型和對話都是同一份。
page-dies = Parley 中負責繪製視窗的部分在一分鐘內終止了 { $times } 次。
    .more = 原因通常是顯示卡驅動程式；Parley 可以改用簡易繪製方式重新啟動，等同設定 PARLEY_DMABUF=off。對話不會遺失，這段期間也可以用指令「parley chat」在終端機裡對話。
already-open = Parley 已經開啟，但它的視窗沒有回應。
    .more = 請稍候再試。如果一直如此，請結束程式 parley-desktop；已經顯示的內容都已儲存。
internal = Parley 內部出現了意外狀況。
    .more = 您的對話都在。請重試；如果再次出現，附上詳細資訊的回報有助於修復。
