; Go's client before nginx: a precise clock before one that counts from the last poll.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: go-transport }
;|   - { name: s, profile: nginx }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings_cached written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (rings read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed reached))))
