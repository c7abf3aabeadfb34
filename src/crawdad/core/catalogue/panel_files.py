"""Words about the files of workspaces in panels. The first of them are ClawPanel's own in English: clients know them."""

MESSAGES: dict[str, tuple[str, str]] = {
    "panel.files.refused_kind": ("Programs are not accepted here.", "此处不接受可执行程序。"),
    "panel.files.none_given": ("No files provided", "未提供文件"),
    "panel.files.no_name": ("Directory name required", "请填写目录名称"),
    "panel.files.no_paths": ("No paths provided", "未提供路径"),
    "panel.files.no_path": ("Path required", "请提供路径"),
    "panel.files.invalid_path": ("Invalid path", "路径无效"),
    "panel.files.docs_outside": ("Path outside openclaw dir", "路径不在 OpenClaw 目录内"),
    "panel.files.identity_outside": ("Path outside allowed directories", "路径不在允许的目录内"),
    "panel.files.outside": ("The path leads out of the folder.", "路径超出了允许的目录。"),
    "panel.files.bad_path": ("'{path}' is no usable path or name here.", "“{path}”不是可用的路径或名称。"),
    "panel.files.root": ("The workspace itself stays where it is.", "不能对工作区根目录执行此操作。"),
    "panel.files.exists": ("'{path}' exists already.", "“{path}”已存在。"),
    "panel.files.changed": (
        "'{path}' was changed meanwhile. Load it again before you save.",
        "“{path}”已被修改，请重新加载后再保存。",
    ),
    "panel.files.into_itself": ("'{path}' cannot go into itself.", "不能将“{path}”移动或复制到它自身之内。"),
    "panel.files.too_many": ("That is more than {most} at once.", "一次不能超过 {most} 项。"),
    "panel.files.archive_large": (
        "That is more than {most} GB; download it in parts.",
        "所选内容超过 {most} GB，请分批下载。",
    ),
    "panel.files.too_many_files": (
        "No more than {most} files can be uploaded at once.",
        "一次最多上传 {most} 个文件。",
    ),
    "panel.files.file_too_large": (
        "'{name}' is larger than {most} bytes, the most that may be uploaded.",
        "“{name}”超过了上传大小上限（{most} 字节）。",
    ),
    "panel.files.wrong_field": (
        "Files belong into the field 'files', not into '{field}'.",
        "文件应放在“files”字段中，而不是“{field}”。",
    ),
    "panel.files.bad_form": ("The form is damaged, or ends in the middle.", "表单数据已损坏或不完整。"),
    "panel.files.bad_upload_id": (
        "An upload's id is of up to 64 letters, digits and dashes.",
        "上传标识只能由字母、数字和连字符组成，最长 64 个字符。",
    ),
    "panel.files.upload_runs": ("An upload with this id is running.", "已有使用该标识的上传正在进行。"),
    "panel.files.many_uploads": (
        "{most} uploads are running; try again when one is done.",
        "已有 {most} 个上传正在进行，请稍后重试。",
    ),
    "panel.files.no_upload": ("There is no upload with this id.", "没有使用该标识的上传。"),
    "panel.files.not_in_trash": ("That is not in the trash any more.", "回收站中已没有该项。"),
    "panel.files.note_long": ("A note has up to {most} characters.", "备注最多 {most} 个字符。"),
    "panel.files.notes_full": ("There are {most} notes already.", "备注已达 {most} 条上限。"),
    "panel.files.no_text": ("The content is no text.", "内容不是文本。"),
    "panel.files.no_content": ("The content is missing.", "缺少内容。"),
    "panel.files.text_long": ("A text may have {most} bytes.", "文本大小不得超过 {most} 字节。"),
    "panel.files.bad_setting": ("'{param}' has no usable value.", "“{param}”的值无效。"),
    "panel.files.no_number": ("'{param}' is no number.", "“{param}”不是数字。"),
    "panel.files.cut": (
        "[The file is longer. Download it to see all of it.]",
        "[文件较长，此处仅显示开头部分，请下载后查看完整内容。]",
    ),
    "panel.files.no_preview": ("Files of this type have no preview.", "不支持预览此类文件。"),
    "panel.files.picture_large": (
        "The picture is too large for a preview ({most} bytes at most).",
        "图片过大，无法预览（上限 {most} 字节）。",
    ),
}
