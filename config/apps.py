"""Django's app of static files, with what of other people's packages no page uses left out."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "tabler-flags*", "tabler-marketing*", "tabler-payments*", "tabler-socials*", "tabler-props*",
        "*.rtl.*", "*.esm.*", "*.scss", "*.html",
        "echarts.js*", "echarts.min.js", "echarts.simple*", "echarts.common.js*", "extension",
    ]  # fmt: skip
