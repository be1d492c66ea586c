; nginx before gunicorn, whose clock is precise and which reads before it looks at timers.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: nginx }
;|   - { name: s, profile: gunicorn }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (rings_cached read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed reached))))
