from __future__ import annotations
import json, pytest, os
from .chromium import inbound_video
from .test_live_view import LIVE


@pytest.mark.parametrize("n", range(4))
def test_x(camera, server, page, footage, n):
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE, timeout=10000)
    page.wait_for_timeout(1500)
    st = page.evaluate(
        """async()=>{const p=window.peers.filter(p=>p.connectionState=='connected')[0]; return [...(await p.getStats()).values()].filter(r=>r.type=='transport'||r.type=='inbound-rtp')}"""
    )
    for s in st:
        print(
            {
                k: s.get(k)
                for k in (
                    "srtpCipher",
                    "dtlsRole",
                    "framesDecoded",
                    "packetsLost",
                    "pliCount",
                    "nackCount",
                    "keyFramesDecoded",
                    "freezeCount",
                )
                if k in s
            }
        )
    t = page.evaluate("""async()=>{
      const res=[];
      for (let i=0;i<6;i++){
      const pc=new RTCPeerConnection(); pc.addTransceiver('video',{direction:'recvonly'});
      const v=document.createElement('video'); v.muted=true; v.autoplay=true; document.body.append(v);
      pc.ontrack=e=>{v.srcObject=new MediaStream([e.track]);};
      await pc.setLocalDescription();
      const t0=performance.now();
      const r=await (await fetch('/api/webrtc/offer',{method:'POST',headers:{'Content-Type':'application/json'},body:JSON.stringify({type:'offer',sdp:pc.localDescription.sdp})})).json();
      const t1=performance.now();
      const conn=new Promise(r=>{pc.onconnectionstatechange=()=>{if(pc.connectionState=='connected')r(performance.now())}});
      const first=new Promise(r=>v.requestVideoFrameCallback(()=>r(performance.now())));
      await pc.setRemoteDescription(r);
      const tc=await conn, tf=await first; 
      res.push([t1-t0,tc-t1,tf-t1].map(x=>Math.round(x*10)/10)); pc.close(); v.remove();
      await fetch('/api/webrtc/'+r.pc_id,{method:'DELETE'});
      }
      return res; }""")
    print("answer, connected, first frame (ms after answer):", t)
