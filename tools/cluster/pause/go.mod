module douze.test/pause

go 1.21
