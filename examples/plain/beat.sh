#!/bin/sh
trap 'echo "last beat"; exit 0' TERM
while :; do
  echo "beat of $DYNO in $HEROKU_RELEASE_VERSION"
  sleep 5 &
  wait $!
done
