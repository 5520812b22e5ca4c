module reglet/wasi

go 1.24
