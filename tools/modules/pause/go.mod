module patchgen.dev/tools/pause

go 1.26
