module reglet.dev/rivals

go 1.26
