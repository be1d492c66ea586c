; undici before uvicorn, whose timer runs from when it hands its response over: the rest may wait in
; its buffer until the client has read the first part. A loop that can write does so before it looks
; at its timers.
;
;| race: keepalive-reuse
;| chain:
;|   - { name: c, profile: undici }
;|   - { name: s, profile: uvicorn }

(define-fun race () Bool
  (exists ((handed Real) (part Real) (part_read Real) (window Real) ; the first part, and its window
           (written Real) (arrived Real) (read Real) (closed Real) (fin Real) (quit Real)
           (asked Real) (reached Real))
    (and (or (= written handed)
             (and (travels handed part)
                  (noticed part part_read |c.upstream.loop_stall|)
                  (travels part_read window)
                  (noticed window written |s.downstream.loop_stall|)
                  (or (<= closed window) (<= written closed))))
         (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings handed |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         ; What was handed over leaves before the FIN.
         (ite (<= written closed) (travels closed fin) (travels written fin))
         (<= arrived fin)
         (rings_cached read |c.upstream.idle_timeout| |c.upstream.loop_stall| quit)
         (<= read asked quit)
         (<= asked fin)
         (travels asked reached)
         (<= closed reached))))
