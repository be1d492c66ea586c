; What statements about a hop are made of. Instants and durations are microseconds.

; A segment on the link.
(define-fun travels ((sent Real) (arrived Real)) Bool
  (and (<= (+ sent |c->s.delay.min|) arrived) (<= arrived (+ sent |c->s.delay.max|))))
; An application comes to what is there, at most a stall later.
(define-fun noticed ((there Real) (seen Real) (stall Real)) Bool
  (and (<= there seen) (<= seen (+ there stall))))
; A timer of a loop that reads the clock when it arms, and of one that counts from its last poll.
(define-fun rings ((armed Real) (after Real) (stall Real) (rung Real)) Bool
  (and (<= armed rung) (<= (+ armed after) rung) (<= rung (+ armed after stall))))
(define-fun rings_cached ((armed Real) (after Real) (stall Real) (rung Real)) Bool
  (and (<= armed rung) (<= (- (+ armed after) stall) rung) (<= rung (+ armed after stall))))
