module douze.test/linter

go 1.26.8

replace golang.stackrox.io/kube-linter => github.com/stackrox/kube-linter v0.8.3

require golang.stackrox.io/kube-linter v0.0.0-00010101000000-000000000000 // indirect
