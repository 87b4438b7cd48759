require_relative "store"

# Numbers of notes start where they are easy to tell from numbers of jobs. A store that was prepared before is left as it is.
Store.call("SET", "notes:last", 1000, "NX")
puts "the store is prepared: the last note is #{Store.call("GET", "notes:last")}"
