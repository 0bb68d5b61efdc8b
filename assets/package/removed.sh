#!/bin/sh
# After Parley was removed, by dpkg (remove, purge) or by rpm (0 packages left): says what stays, and where. The homes of
# people are theirs, so nothing in them is touched.
set -e

case "$1" in
    remove | purge | 0) ;;
    *) exit 0 ;;
esac

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-C}}}" in
    zh_TW* | zh_HK* | zh_MO* | zh_Hant*)
        cat << 'END'
Parley 已移除。每個人的對話與設定都原封不動，仍在各自的家目錄裡：
  ~/.local/share/parley    對話與模型清單
  ~/.config/parley         設定
  ~/.cache/parley          可以重新產生的資料
若要一併刪除：rm -r ~/.local/share/parley ~/.config/parley ~/.cache/parley
您加入的模型檔案仍在原處。
END
        ;;
    zh*)
        cat << 'END'
Parley 已卸载。每个人的对话和设置都没有动过，仍在各自的主目录里：
  ~/.local/share/parley    对话和模型列表
  ~/.config/parley         设置
  ~/.cache/parley          可以重新生成的数据
如需一并删除：rm -r ~/.local/share/parley ~/.config/parley ~/.cache/parley
您添加的模型文件仍在原处。
END
        ;;
    *)
        cat << 'END'
Parley is removed. The conversations and settings of each person stay, in the home folder of each:
  ~/.local/share/parley    conversations, and the list of models
  ~/.config/parley         settings
  ~/.cache/parley          what can be made again
To delete them too: rm -r ~/.local/share/parley ~/.config/parley ~/.cache/parley
Model files that you added stay where they are.
END
        ;;
esac
